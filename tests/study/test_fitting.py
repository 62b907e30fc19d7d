"""From images to a study of them, and to one that fits a time. Costs are given here, never timed."""

import sys
from itertools import pairwise

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.api import fit_study
from headstart.cli import main
from headstart.errors import ConfigError
from headstart.study.config.checks import check_study
from headstart.study.config.suite import as_suite, load_study
from headstart.study.fitting import fit
from headstart.study.fitting.changes import gained
from headstart.study.fitting.efforts import LIMITS, sizes
from headstart.study.fitting.fit import of_data, of_recipe
from headstart.study.fitting.ladder import choose
from headstart.study.fitting.template import doubling_budgets


def test_every_candidate_is_a_study_that_can_work(pets):
    found = of_data(pets, ["trials=3"])
    for rung in (rung for floor in found.floors for rung in floor):
        config = found.config(rung)
        assert check_study(config, networks=False) == ()
        assert config.trials == 3, "what the user says holds, whatever is chosen"
    check_study(found.richest)
    check_study(found.config(found.floors[0][-1]))


def test_each_candidate_does_no_more_than_the_one_before(pets):
    for floor in of_data(pets, []).floors:
        for richer, poorer in pairwise(floor):
            above, below = richer(), poorer()
            assert above.trials >= below.trials
            assert set(above.budgets) >= set(below.budgets)
            assert above.pretraining("simclr").steps >= below.pretraining("simclr").steps
            assert gained(above, below) or above == below


COSTS = st.lists(st.integers(1, 50), min_size=1, max_size=8).map(lambda steps: list(np.cumsum(steps)[::-1]))


@given(COSTS, st.lists(st.tuples(COSTS, st.integers(1, 200)), max_size=4), st.integers(1, 800))
@settings(max_examples=200, deadline=None)
def test_what_is_chosen_fits_and_what_is_richer_does_not(first, others, seconds):
    floors = [first]
    for costs, step in others:  # a floor's poorest costs more than that of the one below
        shift = max(0, floors[-1][-1] + step - costs[-1])
        floors.append([cost + shift for cost in costs])
    numbered = [[(floor, place) for place in range(len(costs))] for floor, costs in enumerate(floors)]
    asked = []

    def cost(rung):
        asked.append(rung)
        return floors[rung[0]][rung[1]]

    if floors[0][-1] > seconds:
        with pytest.raises(ConfigError, match=f"asks for about {floors[0][-1]} s"):
            choose(numbered, cost, seconds)
        return
    (floor, place), needed = choose(numbered, cost, seconds)
    assert needed == floors[floor][place] <= seconds
    assert place == 0 or floors[floor][place - 1] > seconds
    assert floor + 1 == len(floors) or floors[floor + 1][-1] > seconds
    assert len(asked) == len(set(asked)), "nothing is timed twice"


@given(st.integers(1, 300), st.integers(1, 20_000), st.integers(2, 9))
def test_budgets_double_up_to_the_images(fewest, most, count):
    budgets = doubling_budgets(fewest, most, count)
    assert len(budgets) <= count
    assert budgets == sorted(set(budgets))
    assert all(fewest <= budget <= most for budget in budgets)
    assert len(budgets) >= 2 or most <= fewest
    assert len(budgets) in (0, count) or budgets[-1] == most


def test_sizes_grow():
    for sides in ([8], [24, 32], [24, 32, 48, 64, 96]):
        found = sizes(sides)
        assert found == sorted(found)
        assert (found[0].side, found[-1].side) == (sides[0], sides[-1])


def test_a_recipe_is_cut_with_its_arms_and_what_the_user_says(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "dataset": {"images": 240, "resolution": 16},
                "arms": {"rotation": {"pretrain": {"steps": 900}}, "cmc": {}},
                "pretrain": {"steps": 300},
                "protocols": {"finetune": {}, "linear": {"min_steps": 60, "epochs": 3}},
                "budgets": [20, 40, 80, 120, 160],
                "trials": "auto",
            }
        )
    )
    found = of_recipe(str(path), ["budgets=[20, 40, 80]"])
    whole, least = found.richest, found.config(found.floors[0][-1])
    assert whole == load_study(path, ["budgets=[20, 40, 80]"]) == found.usual().config
    assert least.budgets == (20, 40, 80)
    assert set(least.arms) == set(whole.arms)
    assert least.pretraining("rotation").steps == round(900 * LIMITS[-1].pretraining)
    assert least.trials == "auto"
    assert least.adaptive.first == 2
    assert least.protocols["finetune"].finds_steps
    assert least.protocols["finetune"].max_steps < whole.protocols["finetune"].max_steps
    assert least.protocols["linear"].min_steps == round(60 * LIMITS[-1].steps)
    assert "at most" in " ".join(gained(whole, least))
    with pytest.raises(ConfigError, match="--time fits one study"):
        of_recipe("quickstart", ["vary={seed: [1, 2]}"])


@pytest.mark.parametrize("recipe", ["quickstart", "instant", "dense"])
def test_every_recipe_can_be_cut(recipe):
    found = of_recipe(recipe, ["seed=7"])
    for richer, poorer in pairwise(map(found.config, found.floors[0])):
        assert poorer.seed == 7
        assert check_study(poorer, networks=False) == ()
        assert poorer.first_trials <= richer.first_trials
        assert set(poorer.budgets) <= set(richer.budgets)
        assert set(poorer.arms) == set(richer.arms)
    assert gained(found.richest, poorer)


@pytest.fixture
def priced(monkeypatch):
    """Seconds that a study takes: a few for each trial of each budget, more for large ones; ``slow`` times as long."""
    slow = [1.0]

    def needed(config, store, workers):
        size = config.dataset.info().resolution * config.backbone.options.get("width", 64) / 100
        work = config.trials * len(config.budgets) + config.pretraining("simclr").steps / 500
        return slow[0] * size * work

    monkeypatch.setattr(fit, "seconds_needed", needed)
    return slow


def test_more_time_buys_more_and_says_what(pets, tmp_path, priced):
    seen = [fit_study(data=pets, seconds=seconds, store=tmp_path) for seconds in (20, 60, 240, 6000)]
    assert all(one.seconds <= 0.9 * 60 * one.config.minutes for one in seen)
    assert seen[0].more[0] == 60
    assert any("trials instead of" in text for text in seen[0].left_out)
    assert seen[-1].left_out == ()
    assert seen[-1].more is None
    assert gained(seen[1].config, seen[0].config)
    with pytest.raises(ConfigError, match="--time is too short: the smallest study of .*pets asks for about"):
        fit_study(data=pets, seconds=1, store=tmp_path)


def test_what_was_chosen_once_is_not_chosen_otherwise(pets, tmp_path, priced):
    first = fit_study(data=pets, seconds=60, store=tmp_path, out=tmp_path)
    (tmp_path / "pets").mkdir()
    text = yaml.safe_dump(first.config.model_dump(mode="json"))
    (tmp_path / "pets" / "study.yaml").write_text(text)
    priced[0] = 1.3  # the machine is slower now
    again = fit_study(data=pets, seconds=60, store=tmp_path, out=tmp_path)
    assert again.config == first.config
    assert "was chosen for this time before" in again.notes[0]
    assert again.replaces, "an earlier version may have written it in other words"
    assert fit_study(data=pets, seconds=60, store=tmp_path, out=tmp_path, replace=True).config != first.config
    longer = fit_study(data=pets, seconds=120, store=tmp_path, out=tmp_path)
    assert longer.replaces
    assert "chosen for another time" in longer.notes[0]
    (tmp_path / "pets" / "study.yaml").write_text(text.replace("trials: ", "trials: 1"))
    assert not fit_study(data=pets, seconds=120, store=tmp_path, out=tmp_path).replaces, "somebody's own study"


def test_a_run_whose_images_were_moved_is_no_earlier_choice(pets, tmp_path, priced):
    first = fit_study(data=pets, seconds=60, store=tmp_path, out=tmp_path)
    (tmp_path / "pets").mkdir(exist_ok=True)
    (tmp_path / "pets" / "study.yaml").write_text(as_suite(first.config).settled().to_yaml().replace("pets", "gone"))
    again = fit_study(data=pets, seconds=60, store=tmp_path, out=tmp_path)
    assert (again.replaces, again.notes) == (False, ())


def test_a_recipe_and_images_are_one_too_many():
    with pytest.raises(ConfigError, match="--data PATH"):
        fit_study()


TINY = ["trials=1", "budgets=[10, 20]", "arms={rotation: {}}", "controls=[blind]", "pretrain.steps=4"]
TINY += ["pretrain.batch_size=8", "protocols={finetune: {steps: 4, batch_size: 8}}", "backbone.options.width=4"]


def command(capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["headstart", "study", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr()
    return left.value.code, " ".join(said.out.split()), " ".join(said.err.split())


def test_images_are_answered_for_from_the_command_line(pets, tmp_path, capsys, monkeypatch):
    where = ["--out", tmp_path / "runs", "--store", tmp_path / "store"]
    code, out, _ = command(capsys, monkeypatch, "run", "--data", pets, "--time", "none", *where, *TINY)
    assert code == 0, out
    assert "guessed tasks: classification (2 classes)" in out
    assert "budgets 10, 20 labels" in out
    assert "report: " in out
    kept = tmp_path / "runs" / "pets" / "study.yaml"
    for again in ([kept], ["--data", pets, "--time", "none", *TINY]):
        code, out, _ = command(capsys, monkeypatch, "plan", *again, *where[2:])
        assert "all 9 9 0" in out, "what the folder says can be run again"
        assert "guessed class: cat, dog (folders)" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["plan", "quickstart", "--data", "PETS"], "'quickstart' is no key=value"),
        (["plan", "--data", "PETS", "--time", "soon"], "--time 'soon' is no time"),
        (["plan", "quickstart", "--time", ""], "--time '' is no time"),
        (["plan"], "say where images are with --data PATH"),
        (["plan", "quickstart", "vary={seed: [1, 2]}", "--time", "5m"], "--time fits one study"),
    ],
)
def test_a_command_that_says_too_much_or_too_little_is_refused(pets, capsys, monkeypatch, arguments, sentence):
    code, _, err = command(capsys, monkeypatch, *[str(pets) if word == "PETS" else word for word in arguments])
    assert code == 2
    assert sentence in err
