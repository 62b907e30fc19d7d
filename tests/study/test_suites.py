"""Suites: studies that differ in named keys, planned and reported as one."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from headstart.api import Study, prepare_study
from headstart.errors import ConfigError
from headstart.study.config.suite import Suite, load_study, load_suite
from headstart.study.results.plan_tables import plan_tables
from headstart.study.running.plan import make_plan

BASE = {
    "dataset": {"images": 60, "resolution": 16, "samples": 1, "factors": "----"},
    "backbone": {"options": {"width": 4}},
    "arms": {"rotation": {}},
    "controls": ["blind"],
    "pretrain": {"steps": 2, "batch_size": 8},
    "protocols": {"finetune": {"min_steps": 2, "batch_size": 8}},
    "budgets": [10, 20],
    "trials": 1,
}


@pytest.fixture
def suite(tmp_path: Path):
    def load(*overrides: str, **changes: Any) -> Suite:
        path = tmp_path / "suite.yaml"
        path.write_text(yaml.safe_dump(BASE | changes, sort_keys=False))
        return load_suite(path, list(overrides)).settled()

    return load


def kinds(suite: Suite) -> dict[str, int]:
    found = [job.kind for job in make_plan(suite).jobs]
    return {kind: found.count(kind) for kind in set(found)}


def test_every_combination_is_a_study(suite) -> None:
    two = suite(vary={"dataset.factors": ["----", "T---"], "backbone.options.width": [4, 8]})
    assert two.varied == ("dataset.factors", "backbone.options.width")
    assert [tuple(one.values.values()) for one in two.variants] == [
        ("----", "4"), ("----", "8"), ("T---", "4"), ("T---", "8"),
    ]  # fmt: skip
    assert [one.config.backbone.options["width"] for one in two.variants] == [4, 8, 4, 8]


def test_equal_jobs_are_planned_once(suite) -> None:
    """Two datasets; the blind guesses of both; a pretraining and two arms of two budgets per combination."""
    found = kinds(suite(vary={"dataset.factors": ["----", "T---"], "backbone.options.width": [4, 8]}))
    assert found == {"dataset": 2, "targets": 2, "pretrain": 4, "trial": 16, "blind": 4}


def test_a_transfer_matrix_pretrains_on_each_dataset_once(suite) -> None:
    factors = ["----", "T---", "-C--"]
    matrix = suite(
        pretrain_dataset=BASE["dataset"], vary={"pretrain_dataset.factors": factors, "dataset.factors": factors}
    )
    assert len(matrix.variants) == 9
    assert kinds(matrix) == {"dataset": 3, "targets": 3, "pretrain": 3, "trial": 3 * 2 + 9 * 2, "blind": 6}


def test_groups_of_keys_vary_together(suite) -> None:
    groups = {"small": {"budgets": [10, 20]}, "large": {"budgets": [10, 40], "dataset.images": 120}}
    for vary, name in (
        ({"size": groups}, "size"),
        ([{"name": key, **keys} for key, keys in groups.items()], "variants"),
    ):
        found = suite(vary=vary)
        assert found.varied == (name,)
        assert [one.config.budgets for one in found.variants] == [(10, 20), (10, 40)]
        assert [one.config.dataset.images for one in found.variants] == [60, 120]


def test_what_varies_never_takes_the_name_of_a_column(suite, tmp_path: Path) -> None:
    two = suite(vary={"seed": [0, 1]})
    assert two.varied == ("study.seed",)
    assert [(dict(one.values), one.config.seed) for one in two.variants] == [
        ({"study.seed": "0"}, 0),
        ({"study.seed": "1"}, 1),
    ]
    tables = plan_tables(make_plan(two))
    assert all(table.columns.is_unique for table in tables.values())


@pytest.mark.parametrize(
    ("vary", "message"),
    [
        ({"dataset.factor": ["----"]}, "with dataset.factor=----: .*unknown key 'factor': did you mean 'factors'"),
        ({"trails": [1, 2]}, "unknown key 'trails': did you mean 'trials'"),
        ({"trials": []}, "vary.trials must have values that differ, and has none"),
        ({"trials": [2, 2]}, "vary.trials must have values that differ, and has 2, 2"),
        ({"trials": 2}, "vary.trials is 2: give a list of values, or groups of keys by name"),
        ({"name": ["a", "b"]}, "'name' is the suite's own and cannot vary"),
        ("trials", "vary must hold keys with lists of values"),
        ({"trials.more": [1]}, "'trials' has no keys below it"),
    ],
)
def test_a_mistake_in_what_varies_is_one_sentence(suite, vary: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refusal:
        suite(vary=vary, trials=1)
    assert "\n" not in str(refusal.value)


def test_a_suite_is_no_study(suite, tmp_path: Path) -> None:
    suite(vary={"trials": [1, 2]})
    with pytest.raises(ConfigError, match="varies study.trials: it is a suite, which run_suite and load_suite take"):
        load_study(tmp_path / "suite.yaml")


def test_the_written_file_gives_the_same_jobs(suite, tmp_path: Path) -> None:
    one = suite(vary={"dataset.factors": ["----", "T---"]})
    (tmp_path / "again.yaml").write_text(one.to_yaml())
    again = load_suite(tmp_path / "again.yaml").settled()
    assert [job.key for job in make_plan(again).jobs] == [job.key for job in make_plan(one).jobs]
    assert yaml.safe_load(one.to_yaml())["device"] in ("cpu", "cuda")


def test_datasets_of_one_name_are_told_apart(suite) -> None:
    plan = make_plan(suite(vary={"dataset.seed": [0, 1]}))
    assert sorted(plan.labels.values()) == ["---- (seed 0)", "---- (seed 1)"]
    alone = make_plan(suite())
    assert list(alone.labels.values()) == ["----"]


def test_many_jobs_are_asked_about(suite, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("headstart.api.MOST_JOBS", 5)
    with pytest.raises(ConfigError, match=r"comes to 9 jobs: vary less, or say that you mean it with --yes"):
        prepare_study(suite(), out=tmp_path, store=tmp_path / "store")


def test_one_report_has_a_column_per_varied_key(suite, tmp_path: Path) -> None:
    prepared = prepare_study(suite(vary={"backbone.options.width": [4, 8]}), out=tmp_path, store=tmp_path / "store")
    for job in prepared.plan.jobs:
        prepared.store.run(job)
        prepared.run.keep(job, prepared.store.folder(job), prepared.store.seconds(job))
    study = Study.load(prepared.run.folder)
    assert study.utility.columns[0] == "backbone.options.width"
    assert set(study.results["backbone.options.width"]) == {"4", "8"}
    assert study.complete
    assert "width" in study.report().read_text()
