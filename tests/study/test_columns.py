"""What is varied keeps its own column, whatever the tables and what is drawn from them have anyway."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from filled_run import filled_run
from synthetic_report import make_maps
from synthetic_study import in_suite, make_history, make_suite, make_tables

from headstart.charts import draw_figures
from headstart.errors import ConfigError
from headstart.outputs import Tables
from headstart.study.config.columns import COLUMNS, column_of
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import Suite, suite_of
from headstart.study.results import plan_tables, records, tables, trained_out

BASE = {
    "name": "columns",
    "dataset": {"images": 120, "resolution": 12, "samples": 1, "factors": "----"},
    "arms": {"rotation": {}},
    "pretrain": {"steps": 2, "batch_size": 8},
    "protocols": {"finetune": {"steps": 2, "batch_size": 8}},
    "budgets": [10, 20],
    "utility": {"draws": 100},
    "trials": 2,
}
LENGTHS = {"short": {"pretrain.steps": 2}, "long": {"pretrain.steps": 4}}
MADE = ("width", "dataset.factors", "pretrain_dataset.factors")


def suite(**changes: Any) -> Suite:
    return suite_of(BASE | changes, "test")


def written() -> Iterator[str]:
    """Columns that tables say they have."""
    for columns in plan_tables.COLUMNS.values():
        yield from columns
    for columns in (records.RESULTS, records.MISSING, records.PRETRAINING, records.HISTORY):
        yield from columns
    yield from (*trained_out.TRAINED_OUT, *tables.SUMMARY_COLUMNS, *tables.UTILITY_COLUMNS)


def drawn() -> Iterator[str]:
    """Columns of the rows that charts of suites hold."""
    for values in ({key: ["----", "T---"] for key in MADE[1:]}, {MADE[0]: ["4", "8"]}):
        made = make_tables(make_suite(values))
        beside = in_suite(make_history(), made), in_suite(make_maps("rotation", "cmc"), made)
        for figure in draw_figures(made.summary, made.utility, *beside, varied=made.varied):
            for panel in figure.panels:
                yield from (name for rows in panel.get("datasets", {}).values() for row in rows for name in row)


def test_the_names_of_columns_are_those_that_tables_and_charts_have(tmp_path: Path) -> None:
    found = Tables(filled_run(tmp_path / "run", suite(vary={"width": {"one": {"seed": 1}, "two": {"seed": 2}}})))
    frames = [table for table in vars(found).values() if isinstance(table, pd.DataFrame)]
    assert len(frames) >= 8
    collected = {str(name) for table in frames for name in table.columns}
    assert {*written(), *collected, *drawn()} - {*MADE} <= COLUMNS


@pytest.mark.parametrize(
    ("vary", "column"),
    [
        ({"budgets": [[10, 20], [10, 40]]}, "budgets"),
        ({"probed": LENGTHS}, "study.probed"),
        ({"change": LENGTHS}, "study.change"),
        ({"gain": LENGTHS}, "study.gain"),
        ({"pretraining": LENGTHS}, "study.pretraining"),
        ({"loss": LENGTHS}, "study.loss"),
        ({"value_low": LENGTHS}, "study.value_low"),
        ({"line": LENGTHS}, "study.line"),
        ({"color": ["rgb", "lab"]}, "study.color"),
        ({"seconds": {"few": {"trials": 2}, "many": {"trials": 3}}}, "study.seconds"),
    ],
)
def test_whatever_is_varied_has_a_column_of_its_own_in_every_table(vary: Any, column: str, tmp_path: Path) -> None:
    (name,) = vary
    assert column_of(name) == column
    found = Tables(filled_run(tmp_path / "run", suite(vary=vary)))
    for table in (found.results, found.summary, found.utility, found.trained_out, found.pretraining, found.history):
        assert table.columns.is_unique
        assert table[column].nunique() == 2
    assert found.utility["utility"].notna().any()


def test_what_a_pretraining_measures_does_not_take_the_place_of_what_is_varied(tmp_path: Path) -> None:
    """A method measures what it likes, under names of its own."""
    run = filled_run(tmp_path / "run", suite(vary={"temperature": LENGTHS}))
    for key in run.pretrainings["job"]:
        measured = {"steps": 1, "features": 8, "failure": None, "rows": [{"step": 1, "temperature": 0.1}]}
        run._note(key, {"seconds": 1.0, "found": measured})
    assert set(Tables(run).pretraining["temperature"]) == {"short", "long"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"tasks": ["classification", "classification"]}, "'tasks': names 'classification' more than once: name each"),
        ({"tasks": []}, "'tasks': names none: choose one or more of classification"),
        ({"budgets": [10, 10, 20]}, "'budgets': .* at least two different budgets in ascending order"),
        ({"vary": [{"name": "a", "seed": 1}, {"name": "a", "seed": 2}]}, "groups of different names, and has a, a"),
    ],
)
def test_what_is_named_twice_is_refused_in_a_sentence(changes: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as refusal:
        suite(**changes)
    assert "\n" not in str(refusal.value)


def test_a_budget_of_the_baseline_that_is_named_twice_is_one() -> None:
    assert suite(baseline_budgets=[40, 40, 10]).first.baseline_budgets == (40,)


def test_the_original_rule_is_refused_for_an_error_before_anything_is_run() -> None:
    keys = BASE | {"dataset": BASE["dataset"] | {"targets": "all"}, "tasks": ["classification", "depth"]}
    assert StudyConfig.model_validate(keys).utility.interpolation == "log"
    with pytest.raises(ConfigError, match=r"'reference' fits no error, which task 'depth' is judged by \(rmse\): use"):
        suite(**keys | {"utility": {"interpolation": "reference"}})
