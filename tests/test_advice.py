"""Advice from a study's curves: what is told, what is not, and what is refused."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
from rich.console import Console
from synthetic_study import BUDGETS, METRICS, make_results, make_tables

import headstart.advice as advice
from headstart.advice import advise
from headstart.cli import advise as cli  # noqa: F401 - the command
from headstart.errors import ConfigError
from headstart.report.training import TrainedOut

TRAINED = TrainedOut(True, "Trained out: doubling the steps moves scratch by +0.3 points (± 0.7) at 500 labels.")
MOVED = TrainedOut(
    False, "Not trained out: doubling the steps still moves scratch, so a gain may be speed, not labels."
)


def study(results, training=TRAINED, utility=None, **info):
    known = {"varied": (), "metrics": METRICS, "budgets": tuple(sorted(results["labels"].unique())), "seed": 1} | info
    pretrainings = pd.DataFrame({"arm": ["rotation"], "job": ["a"]})
    outcomes = {"a": SimpleNamespace(seconds=1800.0, done=True)}
    run = SimpleNamespace(info=SimpleNamespace(**known), pretrainings=pretrainings, outcomes=lambda: outcomes)
    utility = make_tables(results).utility if utility is None else utility
    tables = SimpleNamespace(training=training)
    return SimpleNamespace(folder="runs/x", run=run, results=results, utility=utility, tables=tables)


@pytest.fixture
def loads(monkeypatch):
    def load(found):
        monkeypatch.setattr(advice.Study, "load", lambda folder: found)

    return load


def test_the_arm_that_is_worth_labels_saves_them_and_scratch_is_told_what_a_target_takes(loads):
    results = make_results()
    loads(study(results))
    found = advise("runs/x", labels=250, target=0.75)
    assert found.outlooks[0].role == "baseline"
    of = {(one.arm, one.protocol): one for one in found.outlooks}
    scratch, rotation = of["scratch", "finetune"], of["rotation", "finetune"]
    assert rotation.saved.low > 0, "it was made to be worth twice the labels and more"
    assert rotation.hours == 0.5
    assert rotation.reach.labels < scratch.reach.labels
    truth = ((0.88 - 0.75) / 2.0) ** (-1 / 0.35)
    assert scratch.reach.low <= truth <= scratch.reach.high


def test_a_few_budgets_are_no_curve(loads):
    results = make_results()
    loads(study(results[results["labels"].isin(BUDGETS[:3])]))
    found = advise("runs/x")
    assert {one.doubt for one in found.outlooks} == {"it takes 4 budgets to see a curve, and 3 were measured"}


def test_the_terminal_says_it_in_a_table_and_sentences(loads, capsys, monkeypatch):
    import sys

    shown = sys.modules["headstart.cli.advise"]
    for module in (shown, sys.modules["headstart.cli.console"]):
        monkeypatch.setattr(module, "console", Console(width=160))
    loads(study(make_results()))
    shown.advise("runs/x", 0.75, 250, 0.10, 1.2)
    said = " ".join(capsys.readouterr().out.split())
    assert "labels for 0.75" in said
    assert "With 250 labels, rotation, fine-tuned saves most: +" in said
    assert "Pretrain: rotation, fine-tuned saves" in said


def test_a_notebook_shows_the_same_words(loads):
    loads(study(make_results()))
    found = advise("runs/x", labels=250, target=0.75)
    (sentence,) = found.sentences()
    assert sentence.startswith("With 250 labels, rotation, fine-tuned saves most: +")
    for shown in (repr(found), found._repr_html_()):
        assert sentence in shown
        assert "labels for 0.75" in shown


def test_what_is_not_trained_out_saves_nothing_that_is_sure(loads):
    loads(study(make_results(), MOVED))
    reason, answer, money = advise("runs/x", labels=250).sentences(label_cost=0.1)
    assert reason == MOVED.sentence
    assert answer.startswith("With 250 labels it is not decided whether rotation, fine-tuned, the best, saves any: +")
    assert answer.endswith("Train longer first.")
    assert money.startswith("If it saves what is likeliest, rotation, fine-tuned saves ")


def test_where_nobody_looked_whether_arms_are_trained_out_it_is_said(loads):
    loads(study(make_results(), TrainedOut(None, "Nobody looked.")))
    reason, answer = advise("runs/x", labels=250).sentences()
    assert reason == "Nobody looked."
    assert "saves most" in answer


def test_a_forecast_above_0_is_sure_only_where_the_band_claims_a_gain(loads):
    results = make_results()
    utility = make_tables(results).utility
    unsure = utility.assign(sure_gain=utility["sure_gain"].where(utility["labels"] < 250, -0.01))
    loads(study(results, utility=unsure))
    found = advise("runs/x", labels=500)
    rotation = next(one for one in found.outlooks if (one.arm, one.protocol) == ("rotation", "finetune"))
    assert (rotation.saved.low > 0, rotation.pays_up_to, rotation.claimed) == (True, 100, False)
    answer, money = found.sentences(label_cost=0.1)
    assert "it is not decided whether rotation, fine-tuned, the best, saves any" in answer
    assert "Its own interval lies above 0" in answer
    assert money.startswith("If it saves what is likeliest")
    assert "saves most" in advise("runs/x", labels=100).sentences()[0]


def test_of_starts_that_save_beyond_doubt_the_best_is_told_whatever_another_may(loads):
    loads(study(make_results()))
    found = advise("runs/x", labels=250)
    doubled = tuple(
        replace(one, claimed=False, saved=one.saved._replace(labels=9999.0)) if one.arm == "cmc" and one.saved else one
        for one in found.outlooks
    )
    (answer,) = replace(found, outlooks=doubled).sentences()
    assert answer.startswith("With 250 labels, rotation, fine-tuned saves most of those that save any beyond doubt: +")


def test_single_trials_have_no_forecast(loads):
    loads(study(make_results(1)))
    (reason, answer) = advise("runs/x", labels=250).sentences()
    assert reason == "No forecast of any start: it takes 2 trials to see noise, and no budget has more than one."
    assert answer.startswith("Nothing can be compared")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"labels": 10}, "--labels 10 lies beyond what can be told: give 50 to 20000"),
        ({"labels": 10**6}, "--labels 1000000 lies beyond"),
        ({"target": 90}, "--target 90 is no share: give accuracy between 0 and 1, such as 0.9"),
        ({"target": 0}, "--target 0 is no share"),
    ],
)
def test_what_makes_no_sense_is_refused(loads, asked, said):
    loads(study(make_results()))
    with pytest.raises(ConfigError, match=said):
        advise("runs/x", **asked)
