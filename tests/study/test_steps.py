"""How many steps are enough: doubled until no arm gains, found once for all arms, and shown."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from filled_run import fill, filled_run, known
from hypothesis import given
from hypothesis import strategies as st
from in_process import Here

from headstart.api import Study, prepare_study
from headstart.outputs import Tables
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import as_suite
from headstart.study.results.run_folder import Outcome
from headstart.study.results.trained_out import doubled_results
from headstart.study.running.plan import make_plan
from headstart.study.running.steps import TOGETHER, Difference, Doubling, changes, climb, climb_all, interpolate, probed
from headstart.training import SupervisedConfig

AUTO = SupervisedConfig(first_steps=100, max_steps=1600)


def doublings(steps: int, labels: int = 10) -> list[Doubling]:
    """Runs of a quick and a slow arm in two trials, which know their steps alone."""
    return [
        Doubling(
            arm,
            *(SimpleNamespace(arm=arm, labels=labels, trial=trial, steps=taken) for taken in (steps, 2 * steps)),
            0.01,
        )
        for arm in ("quick", "slow")
        for trial in (0, 1)
    ]


def saturating(job: Any) -> float:
    """Half of what is missing is learned in 50 steps by one arm, in 200 by the other; trials differ by luck alone."""
    pace = {"quick": 50, "slow": 200}[job.arm]
    return 0.9 - 0.5 * 0.5 ** (job.steps / pace) + 0.05 * job.trial


def test_the_slowest_arm_says_when_it_is_enough() -> None:
    """The slow one gains 0.5 (2⁻⁴ − 2⁻⁸) = 2.9 points from 800 to 1,600 steps; below 1 point only after that."""
    longer = AUTO.model_copy(update={"max_steps": 6400})
    assert climb(longer, doublings, saturating).steps == 1600
    assert (
        climb(longer, doublings, lambda job: saturating(SimpleNamespace(**vars(job) | {"arm": "quick"}))).steps == 400
    )


def test_what_is_not_trained_out_takes_all_steps_that_are_allowed() -> None:
    ladder = climb(AUTO, doublings, saturating)
    assert ladder.steps == 1600
    assert {one.job.steps for one in ladder.doublings} == {800}


def test_without_scores_the_next_runs_are_asked_for() -> None:
    first = climb(AUTO, doublings, lambda job: None)
    assert first.steps is None
    assert {one.doubled.steps for one in first.doublings} == {200}
    second = climb(AUTO, doublings, lambda job: saturating(job) if job.steps < 400 else None)
    assert second.steps is None
    assert {one.job.steps for one in second.doublings} == {200}


def test_budgets_that_are_too_noisy_alone_tell_together() -> None:
    """Each doubling brings 2 points, ± 4 in one trial: within the noise of every budget, and not of six."""

    def creeping(job: Any) -> float:
        luck = 0.04 * (-1) ** (job.trial + round(math.log2(job.steps / 100)))
        return 0.02 * math.log2(job.steps) + luck / 2

    def runs(labels: int, steps: int) -> list[Doubling]:
        return doublings(steps, labels)

    one = climb_all(AUTO, [10], runs, creeping)
    assert one[10].steps == 100
    six = climb_all(AUTO, range(10, 16), runs, creeping)
    assert {ladder.steps for ladder in six.values()} == {1600}, "all that are allowed"
    assert {one.job.steps for ladder in six.values() for one in ladder.doublings} == {800}
    unknown = climb_all(AUTO, [10, 20], runs, lambda job: None)
    assert {ladder.steps for ladder in unknown.values()} == {None}


def test_longer_training_that_harms_is_no_reason_for_more() -> None:
    assert climb(AUTO, doublings, lambda job: -job.steps / 1000).steps == 100


def test_runs_that_failed_decide_nothing() -> None:
    assert climb(AUTO, doublings, lambda job: math.nan).steps == 100
    slow_failed = climb(AUTO, doublings, lambda job: math.nan if job.arm == "slow" else saturating(job))
    assert slow_failed.steps == 400


def test_a_change_within_its_noise_is_none() -> None:
    """Two arms of ± 4 points: a mean of 2 says nothing. Six arms that all move by 2 do, together."""
    noisy = [Difference(arm, 10, value) for arm in ("one", "two") for value in (-0.02, 0.06)]
    assert all(change.settled for change in changes(noisy, 0.01))
    sure = [Difference(f"arm {number}", 10, 0.02 + luck) for number in range(6) for luck in (-0.03, 0.03)]
    found = {change.arm: change.settled for change in changes(sure, 0.01)}
    assert not found.pop(TOGETHER)
    assert all(found.values())


def test_one_trial_has_no_error_and_the_tolerance_decides() -> None:
    (change,) = changes([Difference("only", 10, 0.02)], 0.01)
    assert math.isnan(change.error)
    assert not change.settled


@given(
    st.lists(st.integers(1, 5000), min_size=2, max_size=6, unique=True).map(sorted),
    st.lists(st.integers(0, 5), min_size=3, max_size=3),
)
def test_steps_between_budgets_never_fall_and_stay_on_rungs(budgets: list[int], rungs: list[int]) -> None:
    found = dict(zip(probed(budgets), (100 * 2**rung for rung in rungs), strict=False))
    steps = interpolate(found, budgets)
    values = [steps[labels] for labels in budgets]
    assert values == sorted(values)
    assert all(math.log2(value / values[0]).is_integer() for value in values)
    assert all(steps[labels] >= found[labels] for labels in found)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"steps": 0}, "greater than or equal to 1"),
        ({"tolerance": 0}, "greater than 0"),
        ({"max_steps": 0}, "greater than or equal to 1"),
        ({"max_steps": 300}, "max_steps is 300 and first_steps is 200, which could not be doubled"),
        ({"steps": 100, "epochs": 3}, "steps says how many there are, and so do min_steps and epochs"),
    ],
)
def test_a_mistake_is_a_sentence(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SupervisedConfig.model_validate(keys)


def study(arms: Any = None, **finetune: Any) -> StudyConfig:
    return StudyConfig(
        name="steps",
        dataset={"images": 240, "resolution": 16, "samples": 1, "factors": "----"},
        backbone={"options": {"width": 4}},
        arms=arms or {"rotation": {}},
        controls=("blind", "doubled"),
        pretrain={"steps": 2, "batch_size": 8},
        protocols={"finetune": {"batch_size": 8, **finetune}},
        budgets=(10, 20, 40, 80),
        trials=2,
    )


def test_a_study_finds_its_steps_and_shows_what_twice_as_many_would_do(tmp_path) -> None:
    config = study(first_steps=2, max_steps=16, tolerance=0.05)
    prepared = prepare_study(config, out=tmp_path, store=tmp_path / "store")
    assert prepared.plan.open
    assert not [point for point in prepared.plan.points if point.arm != "blind"]
    prepared.launcher = Here(prepared.store)
    expected: list[int] = []
    prepared.execute(expect=lambda jobs, seconds: expected.append(len(jobs)))
    assert len(expected) >= 2, "planned in turns"
    found = Study(prepared.run)
    assert found.complete
    learned = found.results[found.results["arm"] != "blind"]
    assert learned.groupby("labels")["steps"].nunique().eq(1).all(), "all arms take the same steps"
    assert learned.groupby("labels")["steps"].first().is_monotonic_increasing
    table = found.tables.trained_out
    assert set(table["labels"]) == {"10", "20", "80", "10, 20 and 80"}
    assert set(table["arm"]) == {"scratch", "rotation", TOGETHER}
    one, all_of_them = table[table["probed"] == 1], table[table["probed"] == 3]
    assert one["limit"].to_numpy() == pytest.approx(0.05 + one["error"].to_numpy())
    assert all_of_them["limit"].to_numpy() == pytest.approx(np.maximum(0.05, all_of_them["error"].to_numpy()))
    page = found.report().read_text()
    assert ("Trained out: doubling" in page) == bool(table["settled"].all())
    assert ("Not trained out: doubling" in page) == (not table["settled"].all())
    again = prepare_study(config, out=tmp_path, store=tmp_path / "store")
    assert not again.plan.open
    assert again.missing == []


def test_fixed_steps_are_shown_with_twice_as_many_of_the_baseline() -> None:
    plan = make_plan(as_suite(study(min_steps=3)).settled())
    assert not plan.open
    shown = [one.doubling for one in plan.doublings]
    assert {one.arm for one in shown} == {"scratch"}
    assert [(one.job.labels, one.job.trial, one.job.steps, one.doubled.steps) for one in shown] == [
        (10, 0, 3, 6),
        (10, 1, 3, 6),
        (20, 0, 3, 6),
        (20, 1, 3, 6),
        (80, 0, 3, 6),
        (80, 1, 3, 6),
    ]


TOLD = {"scratch": {"protocols": {"finetune": {"steps": 3}}}, "rotation": {}}
"""Arms of which one is told its steps and the other finds them."""


def test_a_baseline_that_is_told_its_steps_is_looked_at_though_others_find_theirs(tmp_path) -> None:
    config = study(TOLD, first_steps=2, max_steps=16)
    plan = make_plan(as_suite(config).settled(), known)
    looked = {(one.doubling.arm, one.doubling.job.labels, one.doubling.job.steps) for one in plan.doublings}
    assert looked == {
        (arm, labels, steps) for arm, steps in (("scratch", 3), ("rotation", 2)) for labels in (10, 20, 80)
    }
    run = filled_run(tmp_path / "run", as_suite(config))
    fill(run, plan, lambda job: 0.5 + 0.1 * (job.steps == 6))
    found = Tables(run)
    table = found.trained_out[found.trained_out["probed"] == 3].set_index("arm")
    assert table["steps"].to_dict() == {"scratch": "3", "rotation": "2", TOGETHER: "2 and 3"}
    assert found.training.settled is False
    assert "still moves scratch by +10.0 points" in found.training.sentence


def test_whoever_finds_steps_needs_no_further_look() -> None:
    for finetune, arms in (({"first_steps": 2, "max_steps": 16}, {"scratch", "rotation"}), ({"steps": 3}, {"scratch"})):
        plan = make_plan(as_suite(study(**finetune)).settled(), known)
        assert {one.doubling.arm for one in plan.doublings} == arms


def test_results_of_a_baseline_of_twice_the_steps_have_no_number_where_nobody_doubled() -> None:
    rows = [
        ("scratch", "baseline", 10, "val", "short", 0.1), ("scratch", "baseline", 10, "test", "short", 0.2),
        ("scratch", "baseline", 50, "test", "other", 0.3), ("simclr", "compared", 10, "test", "mine", 0.4),
    ]  # fmt: skip
    results = pd.DataFrame(rows, columns=["arm", "role", "labels", "split", "job", "value"]).assign(metric="accuracy")
    record = {"split": "test", "metric": "accuracy", "value": 0.7}
    run: Any = SimpleNamespace(doublings=pd.DataFrame([{"job": "short", "doubled": "long"}]))
    found = doubled_results(run, {"long": Outcome(found={"records": [record]})}, results)
    assert found["value"].fillna(-1).tolist() == [-1, 0.7, -1, 0.4]
