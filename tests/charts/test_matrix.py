"""The transfer matrix: a cell for each pair of datasets, and only where pairs were crossed."""

import json
from typing import Any

import pytest
import vl_convert
from synthetic_study import CURVES, Curve, Tables, make_suite, make_tables, without

from headstart.charts.figure import Figure
from headstart.charts.matrix import matrix_figure

FACTORS = ["TCVL", "T---", "----"]
FINETUNED = {names: curve for names, curve in CURVES.items() if names[1] == "finetune"}
CROSSED = make_suite({"dataset.factors": FACTORS, "pretrain_dataset.factors": FACTORS}, FINETUNED)
TABLES = make_tables(CROSSED)


def draw(tables: Tables) -> Figure:
    return matrix_figure(tables.utility, tables.summary, varied=tables.varied)


def cells(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for rows in spec["datasets"].values() for row in rows if "strength" in row]


def test_a_cell_for_each_pair_at_two_budgets() -> None:
    figure = draw(TABLES)
    titles = [" ".join(spec["title"]["text"]) for spec in figure.page_specs()]
    assert titles == [
        f"{arm}, fine-tuned, {labels} labels" for labels in ("50", "2,000") for arm in ("CMC", "rotation")
    ]
    for spec in figure.page_specs():
        rows = cells(spec)
        assert {(row["pretrain_dataset"], row["dataset"]) for row in rows} == {
            (f"{source} 32 px", f"{learned} 32 px") for source in FACTORS for learned in FACTORS
        }
        assert spec["layer"][0]["encoding"]["x"]["sort"] == [f"{name} 32 px" for name in FACTORS]
        assert all(f">{row['text']}<" in vl_convert.vegalite_to_svg(spec) for row in rows)


def test_white_is_nothing_and_the_strongest_cell_has_the_full_color() -> None:
    specs = draw(TABLES).page_specs()
    rows = [row for spec in specs for row in cells(spec)]
    assert max(abs(row["strength"]) for row in rows) == 1
    assert all((row["strength"] > 0) == (row["gain"] > 0) for row in rows)
    scale = specs[0]["layer"][0]["encoding"]["color"]["scale"]
    assert dict(zip(scale["domain"], scale["range"], strict=True))[0] == "#ffffff"


def test_where_a_cell_is_censored_scores_are_compared_else_utility() -> None:
    for spec in draw(TABLES).page_specs():
        rows = cells(spec)
        measured = {row["censored"] for row in rows} == {"none"}
        assert spec["title"]["subtitle"] == ("utility" if measured else "accuracy against scratch, points")
        for row in rows:
            assert row["text"] == row["utility_text"] if measured else row["text"][-3:] in f"{100 * row['gain']:.1f}"
    assert "utility" in {spec["title"]["subtitle"] for spec in draw(measured_tables()).page_specs()}


def measured_tables() -> Tables:
    """At 50 labels, all arms are a little better than scratch."""
    curves = {("scratch", "finetune"): Curve(0.88, 2.0, 1.0), ("cmc", "finetune"): Curve(0.88, 2.0, 12.0)}
    return make_tables(make_suite({"dataset.factors": FACTORS, "pretrain_dataset.factors": FACTORS}, curves))


def test_missing_runs_are_told_in_their_cell() -> None:
    lost = CROSSED["dataset"].eq("T--- 32 px") & CROSSED["pretrain_dataset"].eq("TCVL 32 px")
    results = CROSSED.assign(job=CROSSED["job"].where(~lost, "lost-" + CROSSED["job"]))
    some = draw(make_tables(without(results, "lost-cmc-finetune-50-1"))).page_specs()[0]
    assert [row["few"] for row in cells(some) if row["few"]] == ["1 of 4 missing"]
    none = draw(make_tables(without(results, "lost-cmc-finetune-50-"))).page_specs()[0]
    (empty,) = [row for row in cells(none) if row["few"]]
    assert (empty["few"], empty["text"], empty["strength"]) == ("4 of 4 missing", "–", 0)
    assert "4 of 4 missing" in vl_convert.vegalite_to_svg(none)


@pytest.mark.parametrize(
    "values",
    [
        {"dataset.factors": FACTORS[:2], "backbone.width": ["8", "16"]},
        {"pretrain_dataset.factors": FACTORS[:2]},
    ],
)
def test_nothing_is_drawn_where_nothing_is_crossed(values: dict[str, list[str]]) -> None:
    assert draw(make_tables(make_suite(values, FINETUNED))).panels == ()


def test_without_a_baseline_there_is_no_matrix() -> None:
    assert draw(make_tables(CROSSED[CROSSED["role"] != "baseline"])).panels == ()


def test_what_was_not_pretrained_has_no_row() -> None:
    curves = FINETUNED | {("scratch slow", "finetune"): Curve(0.88, 2.1, 1.0, "scratch")}
    suite = make_suite({"dataset.factors": FACTORS[:2], "pretrain_dataset.factors": FACTORS[:2]}, curves)
    rows = [row for spec in draw(make_tables(suite)).page_specs() for row in cells(spec)]
    assert {row["arm"] for row in rows} == {"cmc", "rotation"}


def test_what_else_varies_has_matrices_of_its_own() -> None:
    values = {"dataset.factors": FACTORS[:2], "pretrain_dataset.factors": FACTORS[:2], "backbone.width": ["8", "16"]}
    specs = draw(make_tables(make_suite(values, FINETUNED))).page_specs()
    assert len(specs) == 2 * 2 * 2
    assert " ".join(specs[0]["title"]["text"]) == "CMC, fine-tuned, width 8, 50 labels"
    assert "NaN" not in json.dumps(specs)
