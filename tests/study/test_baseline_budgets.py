"""Budgets of the baseline alone: measured for it and for nothing else, and utility reaches as far as they do."""

from typing import Any

import numpy as np
import pytest
import yaml
from in_process import Here

from headstart.api import Study, prepare_study
from headstart.errors import ConfigError, StoreError
from headstart.study.config.checks import check_suite
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import as_suite
from headstart.study.results.run_folder import RunFolder
from headstart.study.running.plan import Plan, make_plan

FIXED, OPEN = {"min_steps": 3, "batch_size": 8}, {"first_steps": 2, "max_steps": 16, "batch_size": 8}


def study(finetune: dict[str, Any] = FIXED, **keys: Any) -> StudyConfig:
    values: dict[str, Any] = {
        "name": "further",
        "dataset": {"images": 240, "resolution": 16, "samples": 1, "factors": "----"},
        "backbone": {"options": {"width": 4}},
        "arms": {"rotation": {}},
        "pretrain": {"steps": 2, "batch_size": 8},
        "protocols": {"finetune": finetune, "linear": FIXED},
        "budgets": (20, 40),
        "baseline_budgets": (100, 10),
        "trials": 2,
    }
    return StudyConfig(**values | keys)


def planned(config: StudyConfig) -> Plan:
    return make_plan(as_suite(config).settled())


def test_the_baseline_alone_is_measured_there_with_as_many_and_twice_the_steps() -> None:
    plan = planned(study())
    there = {(point.arm, point.protocol, point.job.labels) for point in plan.points if point.job.labels in (10, 100)}
    expected = {("scratch", "finetune"), ("blind", "constant")}
    assert there == {(*who, labels) for who in expected for labels in (10, 100)}
    assert {one.doubling.job.labels for one in plan.doublings} == {10, 20, 40, 100}
    fewer = {job.key for job in planned(study(baseline_budgets=())).jobs}
    assert fewer < {job.key for job in plan.jobs}, "what is compared stays the same jobs"


def test_steps_are_found_with_the_baseline_alone_there() -> None:
    plan = planned(study(OPEN))
    asked = {
        (one.doubling.arm, one.doubling.job.labels) for one in plan.doublings if one.doubling.job.protocol == "finetune"
    }
    assert asked == {("scratch", labels) for labels in (10, 20, 40, 100)} | {("rotation", 20), ("rotation", 40)}
    found = make_plan(as_suite(study(OPEN)).settled(), lambda job: 0.5)
    assert not found.open
    assert {point.job.labels for point in found.points if point.arm == "scratch"} == {10, 20, 40, 100}


@pytest.mark.parametrize(
    ("budgets", "says"),
    [
        ((1000,), "budget 1000 is larger than the training split of"),
        ((5,), "budget 5 is smaller than the 10 classes"),
    ],
)
def test_a_mistake_is_a_sentence(budgets: tuple[int, ...], says: str) -> None:
    with pytest.raises((ConfigError, ValueError), match=says):
        check_suite(as_suite(study(baseline_budgets=budgets)))


def test_budgets_that_all_arms_have_anyway_change_nothing() -> None:
    assert study(baseline_budgets=(40, 100, 100)).measured_budgets == (20, 40, 100)
    assert study(baseline_budgets=(40,)) == study(baseline_budgets=())


def test_shares_of_the_training_split_are_budgets_too() -> None:
    assert study(baseline_budgets=("50%",)).measured_budgets == (20, 40, 100)


def test_a_run_of_before_there_were_any_is_the_same_study(tmp_path) -> None:
    suite = as_suite(study(baseline_budgets=())).settled()
    keys = yaml.safe_load(suite.to_yaml())
    assert keys.pop("baseline_budgets") == []
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(keys))
    RunFolder(tmp_path).refuse_another(suite)
    with pytest.raises(StoreError, match="which differs in baseline_budgets"):
        RunFolder(tmp_path).refuse_another(as_suite(study()).settled())


def test_a_run_reads_utility_off_all_of_them(tmp_path) -> None:
    prepared = prepare_study(study(), out=tmp_path, store=tmp_path / "store")
    prepared.launcher = Here(prepared.store)
    prepared.execute()
    found = Study(prepared.run)
    assert found.complete
    assert set(found.utility["labels"]) == {20, 40}
    means = found.results.query("arm == 'scratch' and split == 'test' and metric == 'accuracy'")
    means = means.groupby("labels")["value"].mean()
    assert list(means.index) == [10, 20, 40, 100]
    measured = found.utility[found.utility["censored"] == "none"]
    assert measured["value"].between(means.min() - 1e-9, means.max() + 1e-9).all()
    bounds = found.utility[found.utility["censored"] != "none"]["equivalent_labels"]
    assert np.isin(bounds, (10, 100)).all()
    assert "100 labels" in found.report().read_text()
