"""Utility by the original study's rule: on the page as it is, its ends called what they are."""

from dataclasses import replace
from pathlib import Path

import pytest
from synthetic_report import make_report
from synthetic_study import METRICS, Tables, make_doublings, make_history, make_results, make_tables

from headstart.charts import draw_figures
from headstart.charts.joins import with_missing
from headstart.charts.names import find_baseline
from headstart.charts.text import utility_ends
from headstart.report import state_verdict, write_report
from headstart.report.cells import utility_grid
from headstart.report.decision import Evidence, decide
from headstart.report.training import state_training
from headstart.study.results.tables import summary_table, utility_table

ENDS = "± one standard deviation"


@pytest.fixture(scope="module")
def tables() -> Tables:
    """A study whose best arm leaves the baseline's range between two budgets."""
    results = make_results()
    utility = utility_table(results, METRICS, interpolation="reference", seed=0, draws=200)
    return make_tables(results)._replace(utility=utility)


def test_the_point_between_budgets_is_in_tables_and_charts(tables: Tables) -> None:
    rotation = tables.utility[(tables.utility["arm"] == "rotation") & (tables.utility["protocol"] == "finetune")]
    last = rotation.iloc[-1]
    assert last["labels"] not in set(tables.summary["labels"])
    grid = utility_grid(tables.utility, tables.summary)
    assert f"{last['labels']:,}" in grid.header
    row = next(row for row in grid.rows if row[0].text == "rotation" and row[1].text == "fine-tuned")
    shown = row[grid.header.index(f"{last['labels']:,}")]
    assert (shown.below, shown.note) == ("no interval", "")


def test_ends_are_called_what_they_are_wherever_they_are_shown(tables: Tables, tmp_path: Path) -> None:
    drawn = draw_figures(tables.summary, tables.utility, make_history(), interpolation="reference")
    figure = next(figure for figure in drawn if figure.name == "utility")
    assert f"Bars are {ENDS};" in figure.caption
    assert "Points between budgets" in figure.caption
    assert "Hollow" not in figure.caption
    assert ENDS in str(figure.panels)
    assert "% interval" not in str(figure.panels)
    verdict = state_verdict(tables.utility, tables.arms, tables.missing, interpolation="reference")
    assert f"({ENDS} " in verdict.headline
    assert "interval" not in " ".join([verdict.headline, *verdict.lines])
    page = replace(make_report(tables), verdict=verdict, figures=drawn, interpolation="reference")
    write_report(tmp_path / "report.html", page)
    body = (tmp_path / "report.html").read_text().split("<script")[0]
    assert f"under it the {ENDS}." in body


def test_of_a_gain_that_is_none_it_is_said_what_it_lies_within(tables: Tables) -> None:
    utility = tables.utility.assign(utility_low=-0.1, equivalent_low=0.9 * tables.utility["labels"])
    told = state_verdict(utility, tables.arms, tables.missing, interpolation="reference")
    assert "no arm is worth labels beyond one standard deviation: the best," in told.headline
    worse = utility.assign(utility_high=-0.05, sure_gain=-1.0)
    told = state_verdict(worse, tables.arms, tables.missing, interpolation="reference")
    assert "worse than" not in " ".join(told.lines), "its ends hold no promise"


def test_ends_that_hold_no_promise_decide_nothing(tables: Tables) -> None:
    most = tables.utility["labels"].max()
    utility = tables.utility.assign(sure_gain=-0.01, utility_high=0.0, labels=most, gain=0.001)
    results = tables.results[tables.results["split"] == "test"]
    known = utility, results, METRICS["classification"], find_baseline(tables.arms), most, 0.95
    training = state_training(make_doublings(), tables.arms)
    assert decide(Evidence(*known), training).lead == "Label more."
    assert decide(Evidence(*known, interpolation="reference"), training).lead == "Not decided."


def test_of_single_runs_there_is_no_deviation() -> None:
    found = utility_table(make_results(1), METRICS, interpolation="reference", seed=0, draws=200)
    assert found["utility_low"].isna().all()
    assert found["utility"].notna().all()


@pytest.mark.parametrize(("confidence", "called"), [(None, "interval"), (0.9, "90\u00a0% interval")])
def test_intervals_are_called_so(confidence: float | None, called: str) -> None:
    assert utility_ends("log", confidence).one == called
    assert utility_ends("reference", confidence).one == ENDS


@pytest.mark.parametrize(
    ("budgets", "arm", "told"),
    [
        ((2, 4), (0.9, 0.9), [1]),
        ((1, 2), (0.9, 0.9), []),
        ((10, 20), (0.7, 0.8), [10, 11]),
        ((10, 20), (0.6, 0.7000001), [10, 19]),
    ],
    ids=["below the first", "no room", "just where the one before is", "next to the one after"],
)
def test_the_point_between_budgets_is_never_a_budget(
    budgets: tuple[int, int], arm: tuple[float, float], told: list[int]
) -> None:
    """The baseline's best is 0.7."""
    results = make_results(2)
    two = results[results["labels"].isin([50, 100]) & results["arm"].isin(["scratch", "rotation"])]
    values = {("scratch", 50): 0.5, ("scratch", 100): 0.7, ("rotation", 50): arm[0], ("rotation", 100): arm[1]}
    exact = two.assign(value=[values[row] for row in zip(two["arm"], two["labels"], strict=True)])
    own = exact[exact["protocol"] == "finetune"].assign(
        labels=exact["labels"].map(dict(zip((50, 100), budgets, strict=True)))
    )
    found = utility_table(own, METRICS, interpolation="reference", seed=0, draws=100)
    assert list(found["labels"]) == told
    with_missing(found, summary_table(own, METRICS), ())
