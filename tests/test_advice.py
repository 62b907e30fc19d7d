"""Advice from a study's curves: what is told, what is not, and what is refused."""

from types import SimpleNamespace

import pandas as pd
import pytest
from rich.console import Console
from synthetic_study import BUDGETS, METRICS, make_results, make_tables

import headstart.advice as advice
from headstart.advice import advise
from headstart.cli import advise as cli  # noqa: F401 - the command
from headstart.errors import ConfigError


def study(results, **info):
    known = {"varied": (), "metrics": METRICS, "budgets": tuple(sorted(results["labels"].unique())), "seed": 1} | info
    pretrainings = pd.DataFrame({"arm": ["rotation"], "job": ["a"]})
    outcomes = {"a": SimpleNamespace(seconds=1800.0, done=True)}
    run = SimpleNamespace(info=SimpleNamespace(**known), pretrainings=pretrainings, outcomes=lambda: outcomes)
    return SimpleNamespace(folder="runs/x", run=run, results=results, utility=make_tables(results).utility)


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
