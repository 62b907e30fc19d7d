"""Charts from tables: valid, complete, and nothing computed on the way."""

import json
import re
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest
import vl_convert
from synthetic_study import (
    BUDGETS,
    NAMED_CURVES,
    Tables,
    in_suite,
    make_history,
    make_results,
    make_suite,
    make_tables,
    without,
)

from headstart.charts import Figure, draw_figures, save_figure
from headstart.charts.marks import CROSS

TABLES = make_tables()


def draw(tables: Tables, history: pd.DataFrame | None = None) -> dict[str, Figure]:
    """The figures by name."""
    history = in_suite(make_history() if history is None else history, tables)
    return {
        figure.name: figure for figure in draw_figures(tables.summary, tables.utility, history, varied=tables.varied)
    }


def first_panel(tables: Tables, name: str) -> dict[str, Any]:
    return draw(tables)[name].page_specs()[0]


def titles(figure: Figure) -> list[str]:
    return [" ".join(spec["title"]) for spec in figure.page_specs()]


def data_rows(spec: dict[str, Any], column: str) -> list[dict[str, Any]]:
    return [row for rows in spec["datasets"].values() for row in rows if column in row]


@pytest.mark.parametrize("figure", draw(TABLES).values(), ids=lambda figure: figure.name)
def test_every_panel_draws(figure: Any) -> None:
    assert len(figure.panels) == 2
    for spec in figure.page_specs():
        assert spec["width"] == "container"
        alt.LayerChart.from_dict(spec, validate=True)
        svg = vl_convert.vegalite_to_svg(spec)
        assert ("steps" if figure.name == "pretraining" else "labels") in svg
    whole = figure.static()
    alt.ConcatChart.from_dict(whole, validate=True)
    found = vl_convert.vegalite_to_svg(whole).partition("role-legend-entry")[2]
    assert found.count(">CMC<") == found.count(">rotation<") == 1, "a legend for all panels"


def test_accuracy_shows_the_table() -> None:
    first = first_panel(TABLES, "accuracy")
    assert first["title"] == ["Fine-tuned"]
    shown = sorted((row["arm"], row["labels"], row["value"]) for row in data_rows(first, "value"))
    table = TABLES.summary[TABLES.summary["protocol"] == "finetune"]
    assert shown == sorted(table[["arm", "labels", "value"]].itertuples(index=False, name=None))


def test_the_baseline_is_gray_whatever_it_is_called_and_beside_every_protocol() -> None:
    tables = make_tables(make_results(curves=NAMED_CURVES, baseline="scratch slow"))
    figure = draw(tables)["accuracy"]
    assert [look.title for look in figure.legend if look.color == "#7d7f85"] == [
        "scratch slow",
        "blind guess",
        "random features",
    ]
    for spec, more in zip(figure.page_specs(), ({"from scratch"}, {"random features"}), strict=True):
        lines = {row["line"] for row in data_rows(spec, "value")}
        assert lines == {"scratch slow", "blind guess", "rotation", "rotation long"} | more


def test_a_baseline_that_is_probed_too_is_told_from_its_whole_networks() -> None:
    tables = make_tables(make_results(baseline="cmc"))
    finetuned, probed = draw(tables)["accuracy"].page_specs()
    assert {row["line"] for row in data_rows(finetuned, "value")} == {"CMC", "rotation", "from scratch"}
    assert {row["line"] for row in data_rows(probed, "value")} == {"CMC", "CMC, fine-tuned", "rotation"}


def test_utility_names_what_it_is_measured_against() -> None:
    tables = make_tables(make_results(curves=NAMED_CURVES, baseline="scratch slow"))
    figure = draw(tables)["utility"]
    assert "the budgets of scratch slow cannot" in figure.caption
    assert "beyond scratch slow's largest budget" in json.dumps(figure.page_specs()[0])
    assert [look.title for look in figure.legend] == ["from scratch", "rotation", "rotation long"]


def words_of(spec: dict[str, Any]) -> set[str]:
    """What is written into a plot."""
    marks = [layer["mark"] for layer in spec["layer"]]
    return {mark["text"] for mark in marks if isinstance(mark.get("text"), str)}


def test_a_region_is_named_beside_the_marks_of_the_outermost_budget() -> None:
    spec = first_panel(TABLES, "utility")
    assert words_of(spec) == {"beyond scratch's largest budget", "below scratch's smallest"}
    rows = pd.DataFrame(data_rows(spec, "position"))
    (under,) = [row["labels"] for row in data_rows(spec, "bottom") if "below" not in row]
    assert rows.loc[rows["labels"] == min(BUDGETS), "position"].max() <= under < BUDGETS[1]


def test_a_region_that_is_out_of_sight_is_not_named() -> None:
    """Scratch has a fifth of the labels, and four times as many: utilities from −0.8 to 3, and the axis ends before."""
    near = TABLES.utility[TABLES.utility["labels"].isin([250, 500])]
    level = near.assign(utility=0.0, utility_low=-0.1, utility_high=0.1, censored="none")
    figures = draw_figures(TABLES.summary, level, pd.DataFrame(columns=make_history().columns), varied=TABLES.varied)
    (figure,) = (figure for figure in figures if figure.name == "utility")
    assert words_of(figure.page_specs()[0]) == set()


def test_unmeasurable_regions_follow_scratchs_budgets() -> None:
    spec = first_panel(TABLES, "utility")
    edges = pd.DataFrame(data_rows(spec, "above"))
    inside = edges[(edges["above"] < edges["top"]) & (edges["below"] > edges["bottom"])]
    assert len(inside) > 5
    np.testing.assert_allclose(inside["above"], max(BUDGETS) / inside["labels"] - 1)
    np.testing.assert_allclose(inside["below"], min(BUDGETS) / inside["labels"] - 1)


def test_budgets_of_the_baseline_alone_widen_what_is_measurable_and_not_the_axis() -> None:
    """Rotation and CMC are compared at all budgets but the fewest and the most."""
    results = make_results()
    ends = results["labels"].isin([min(BUDGETS), max(BUDGETS)]) & (results["arm"] != "scratch")
    spec = first_panel(make_tables(results[~ends]), "utility")
    edges = pd.DataFrame(data_rows(spec, "above"))
    assert min(BUDGETS) < edges["labels"].min() < BUDGETS[1]
    assert BUDGETS[-2] < edges["labels"].max() < max(BUDGETS)
    inside = edges[edges["above"] < edges["top"]]
    np.testing.assert_allclose(inside["above"], max(BUDGETS) / inside["labels"] - 1)


def test_bounds_and_open_bars_are_marked_and_stay_in_the_plot() -> None:
    rows = pd.DataFrame(data_rows(first_panel(TABLES, "utility"), "utility"))
    table = TABLES.utility[TABLES.utility["protocol"] == "finetune"].reset_index(drop=True)
    assert set(rows["censored"]) == {"none", "above"}
    assert rows["open_high"].sum() == np.isinf(table["utility_high"]).sum() > 0
    assert np.isfinite(rows[["bar_low", "bar_high"]].to_numpy()).all()
    bounds = rows[rows["censored"] == "above"]
    assert bounds["utility_text"].str.startswith("≥").all()


def test_failed_budgets_leave_a_gap_and_no_baseline_no_utility_figure() -> None:
    tables = make_tables(without(make_results(), "rotation-finetune-250-"))
    for name in ("accuracy", "utility"):
        values = {
            row["labels"]: row["value"]
            for row in data_rows(first_panel(tables, name), "value_text")
            if row["arm"] == "rotation"
        }
        assert list(values) == list(BUDGETS), "the line knows of the gap"
        assert [labels for labels, value in values.items() if value is None] == [250]
    results = make_results()
    tables = make_tables(results[results["arm"] != "scratch"])
    assert list(draw(tables, make_history().iloc[:0])) == ["accuracy"]


def test_points_that_runs_are_missing_from_are_hollow_and_say_so() -> None:
    tables = make_tables(without(make_results(), "cmc-finetune-250-1", "cmc-finetune-250-2"))
    for name, figure in draw(tables).items():
        assert ("Hollow points" in figure.caption) == (name != "pretraining")
    for name in ("accuracy", "utility"):
        spec, other = draw(tables)[name].page_specs()
        texts = {row["missing_text"] for row in data_rows(spec, "missing_text")}
        assert texts == {"", "2 of 4 missing"}
        hollow = [layer for layer in spec["layer"] if layer["mark"].get("filled") is False]
        assert {layer["transform"][-1]["filter"] for layer in hollow} == {"!datum.whole"}
        assert all(
            tip["field"] != "missing" for layer in other["layer"] for tip in layer["encoding"].get("tooltip") or []
        )
        without_tip = [layer["encoding"]["tooltip"][-1]["field"] for layer in hollow]
        assert set(without_tip) == {"missing_text"}


def marked(spec: dict[str, Any], column: str) -> set[tuple[str, int]]:
    """Arms and budgets of the rows that hollow points, or crosses, are drawn of."""
    layers = [layer for layer in spec["layer"] if (layer["mark"].get("shape") == CROSS) == (column == "crosses")]
    rows = [row for layer in layers for row in spec["datasets"][layer["data"]["name"]] if "whole" in row]
    if column == "hollow":
        rows = [row for row in rows if row["value"] is not None and not row["whole"]]
    return {(row["arm"], row["labels"]) for row in rows}


def test_a_single_run_is_hollow_and_has_no_interval_and_what_has_none_is_a_cross() -> None:
    lost = [f"cmc-finetune-250-{trial}" for trial in range(3)]
    tables = make_tables(without(make_results(), *lost, "rotation-finetune-500-"))
    for name in ("accuracy", "utility"):
        figure = draw(tables)[name]
        spec = figure.page_specs()[0]
        assert marked(spec, "hollow") == {("cmc", 250)}
        assert marked(spec, "crosses") == {("rotation", 500)}
        assert "Hollow points" in figure.caption
        assert "Crosses" in figure.caption
        (single,) = [row for row in data_rows(spec, "value_text") if (row["arm"], row["labels"]) == ("cmc", 250)]
        assert single["value"] is not None
        ends = ("value_low", "value_high") if name == "accuracy" else ("bar_low", "bar_high", "utility_low")
        assert [single[end] for end in ends] == [None] * len(ends)
        crossed = [layer for layer in spec["layer"] if layer["mark"].get("shape") == CROSS]
        assert [layer["encoding"]["y"] for layer in crossed] == [{"value": "height"}], "at the foot"


def test_an_arm_of_which_nothing_is_there_is_named_and_crossed_out() -> None:
    tables = make_tables(without(make_results(), "cmc-finetune-"))
    figure = draw(tables)["accuracy"]
    assert "CMC" in [look.title for look in figure.legend]
    assert marked(figure.page_specs()[0], "crosses") == {("cmc", labels) for labels in BUDGETS}
    none = draw(make_tables(without(make_results(), "")))
    assert set(none) == {"pretraining"}, "of nothing at all there is no chart"


def test_dark_pictures_have_light_words_on_dark() -> None:
    figure = draw(TABLES)["accuracy"]
    light, dark = (figure.svg(scheme) for scheme in ("light", "dark"))
    assert '"#15171a"' in dark
    assert '"#15171a"' not in light
    assert 'fill="#e7e8ea"' in dark
    assert 'fill="#e7e8ea"' not in light
    assert 'fill="#000"' not in light + dark, "every word has a color of ours"


def test_panels_are_named_by_what_varies() -> None:
    transfer = make_results(dataset="other", seed=2).assign(pretrain_dataset="TCVL 32 px")
    transfer.loc[transfer["arm"] == "scratch", "pretrain_dataset"] = ""
    same = make_results(dataset="other", seed=3)
    tables = make_tables(pd.concat([same[same["arm"] != "scratch"], transfer]))
    assert titles(draw(tables)["utility"]) == [
        "Fine-tuned, pretrained on TCVL 32 px",
        "Linear probe, pretrained on TCVL 32 px",
        "Fine-tuned",
        "Linear probe",
    ]


def test_a_suite_has_a_panel_per_study_and_protocol() -> None:
    tables = make_tables(make_suite({"dataset.factors": ["T---", "----"], "backbone.width": ["16", "8"]}))
    figures = draw(tables)
    assert titles(figures["accuracy"])[:3] == [
        "Fine-tuned, factors T---, width 16",
        "Linear probe, factors T---, width 16",
        "Fine-tuned, factors T---, width 8",
    ]
    assert len(figures["accuracy"].panels) == len(figures["utility"].panels) == 8
    assert not figures["accuracy"].layout.small
    for spec in figures["accuracy"].page_specs():
        rows = data_rows(spec, "value")
        assert len(rows) == len(BUDGETS) * len({row["line"] for row in rows}) == 3 * len(BUDGETS)
    assert titles(figures["pretraining"]) == ["Effective rank of features", "Spread of features"], "it is all the same"


def test_what_does_not_differ_is_not_named() -> None:
    tables = make_tables(make_suite({"dataset.factors": ["T---"], "backbone.width": ["16", "8"]}))
    assert titles(draw(tables)["accuracy"])[0] == "Fine-tuned, width 16"


def test_many_panels_are_small_and_in_rows_of_the_last_key() -> None:
    values = [str(width) for width in range(3)]
    tables = make_tables(make_suite({"task.depth": values, "backbone.width": ["1", "2", "3"]}))
    figure = draw(tables)["accuracy"]
    assert len(figure.panels) == 18
    assert figure.layout.small
    assert figure.layout.columns == 3
    assert titles(figure)[:3] == [f"Fine-tuned, depth 0, width {width}" for width in (1, 2, 3)]
    assert titles(figure)[9:10] == ["Linear probe, depth 0, width 1"]
    assert all(len(line) <= figure.layout.letters for spec in figure.page_specs() for line in spec["title"])


def test_pretraining_has_panels_where_a_varied_key_changes_it() -> None:
    tables = make_tables(make_suite({"dataset.factors": ["T---", "----"], "backbone.width": ["16", "8"]}))
    history = in_suite(make_history(), tables)
    history["value"] += (history["backbone.width"] == "8") * 0.1
    figures = draw_figures(tables.summary, tables.utility, history, varied=tables.varied)
    assert titles(figures[-1]) == [
        "Effective rank of features, width 16",
        "Spread of features, width 16",
        "Effective rank of features, width 8",
        "Spread of features, width 8",
    ]


def test_one_trial_is_drawn_without_intervals() -> None:
    tables = make_tables(make_results(trials=1))
    figures = draw(tables)
    for name in ("accuracy", "utility"):
        spec = figures[name].page_specs()[0]
        rows = [row for row in data_rows(spec, "value_text") if row["value"] is not None]
        assert rows
        assert not any(row["whole"] for row in rows)
        assert intervals_drawn(spec) == 0 < intervals_drawn(draw(TABLES)[name].page_specs()[0])


def test_an_interval_between_gaps_is_a_bar_for_a_band_would_not_show_it() -> None:
    lost = ["cmc-finetune-100-", *(f"cmc-finetune-500-{trial}" for trial in range(3))]
    first = draw(make_tables(without(make_results(), *lost)))["accuracy"].page_specs()[0]
    (bars,) = [layer for layer in first["layer"] if layer["mark"]["type"] == "rule"]
    rows = first["datasets"][bars["data"]["name"]]
    assert [(row["arm"], row["labels"]) for row in rows] == [("cmc", 50), ("cmc", 250)]


def intervals_drawn(spec: dict[str, Any]) -> int:
    """Bands with an outline, and bars of color, in what a panel is drawn as."""
    drawn = vl_convert.vegalite_to_svg(spec)
    bands = re.findall(r' d="M[^"]+" fill="#[0-9a-f]{6}" opacity="0.14"', drawn)
    bars = re.findall(r'<line [^>]*stroke="(#[0-9a-f]{6})" stroke-width="1.5" opacity="0.7"', drawn)
    return len(bands) + len(bars)


def test_files(tmp_path: Path) -> None:
    figure = draw(TABLES)["accuracy"]
    save_figure(figure, tmp_path / "charts")
    assert (tmp_path / "charts/accuracy.png").read_bytes().startswith(b"\x89PNG")
    assert "Accuracy against labels" in (tmp_path / "charts/accuracy.svg").read_text()
    assert json.loads((tmp_path / "charts/accuracy.json").read_text())["$schema"].startswith("https://vega.github.io")
