"""Charts from tables: valid, complete, and nothing computed on the way."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import vl_convert
from synthetic_study import BUDGETS, make_history, make_results, make_tables

from headstart.charts import accuracy_figure, draw_figures, save_figure, utility_figure

TABLES = make_tables()


def data_rows(spec: dict[str, Any], column: str) -> list[dict[str, Any]]:
    return [row for rows in spec["datasets"].values() for row in rows if column in row]


@pytest.mark.parametrize(
    "figure", draw_figures(TABLES.summary, TABLES.utility, make_history()), ids=lambda figure: figure.name
)
def test_every_panel_draws(figure: Any) -> None:
    assert len(figure.panels) == 2
    for spec in figure.page_specs():
        assert spec["width"] == "container"
        svg = vl_convert.vegalite_to_svg(spec)
        for word in ("steps" if figure.name == "pretraining" else "labels", "rotation", "CMC"):
            assert word in svg


def test_accuracy_shows_the_table() -> None:
    first = accuracy_figure(TABLES.summary).page_specs()[0]
    assert first["title"] == "Fine-tuned"
    rows = data_rows(first, "value")
    shown = sorted((row["method"], row["labels"], row["value"]) for row in rows)
    table = TABLES.summary[TABLES.summary["protocol"] == "finetune"]
    assert shown == sorted(table[["method", "labels", "value"]].itertuples(index=False, name=None))


def test_scratch_is_gray_and_beside_every_protocol() -> None:
    for spec in accuracy_figure(TABLES.summary).page_specs():
        assert {row["arm"] for row in data_rows(spec, "value")} == {"from scratch", "rotation", "CMC"}
        scale = spec["layer"][0]["encoding"]["color"]["scale"]
        assert dict(zip(scale["domain"], scale["range"], strict=True))["from scratch"] == "#7d7f85"


def test_an_arm_keeps_its_color_whoever_is_beside_it() -> None:
    alone = TABLES.utility[TABLES.utility["method"] == "rotation"]
    both, one = (utility_figure(table, TABLES.summary).page_specs()[0] for table in (TABLES.utility, alone))
    scales = [spec["layer"][-1]["encoding"]["color"]["scale"] for spec in (both, one)]
    colors = [dict(zip(scale["domain"], scale["range"], strict=True))["rotation"] for scale in scales]
    assert colors[0] == colors[1]


def test_unmeasurable_regions_follow_scratchs_budgets() -> None:
    spec = utility_figure(TABLES.utility, TABLES.summary).page_specs()[0]
    edges = pd.DataFrame(data_rows(spec, "above"))
    inside = edges[(edges["above"] < edges["top"]) & (edges["below"] > edges["bottom"])]
    assert len(inside) > 5
    np.testing.assert_allclose(inside["above"], max(BUDGETS) / inside["labels"] - 1)
    np.testing.assert_allclose(inside["below"], min(BUDGETS) / inside["labels"] - 1)


def test_bounds_and_open_bars_are_marked_and_stay_in_the_plot() -> None:
    rows = pd.DataFrame(data_rows(utility_figure(TABLES.utility, TABLES.summary).page_specs()[0], "utility"))
    table = TABLES.utility[TABLES.utility["protocol"] == "finetune"].reset_index(drop=True)
    assert set(rows["censored"]) == {"none", "above"}
    assert rows["open_high"].sum() == np.isinf(table["utility_high"]).sum() > 0
    assert np.isfinite(rows[["bar_low", "bar_high"]].to_numpy()).all()
    bounds = rows[rows["censored"] == "above"]
    assert bounds["utility_text"].str.startswith("≥").all()


def test_failed_budgets_leave_a_gap_and_no_scratch_no_utility_figure() -> None:
    results = make_results()
    results.loc[results["job"].str.startswith("rotation-finetune-250"), "value"] = np.nan
    tables = make_tables(results)
    rows = data_rows(accuracy_figure(tables.summary).page_specs()[0], "value")
    assert 250 not in {row["labels"] for row in rows if row["method"] == "rotation"}
    tables = make_tables(results[results["method"] != "scratch"])
    assert [figure.name for figure in draw_figures(tables.summary, tables.utility, make_history().iloc[:0])] == [
        "accuracy"
    ]


def test_panels_are_named_by_what_varies() -> None:
    transfer = make_results(dataset="other", seed=2).assign(pretrain_dataset="TCVL 32 px")
    transfer.loc[transfer["method"] == "scratch", "pretrain_dataset"] = ""
    same = make_results(dataset="other", seed=3)
    tables = make_tables(pd.concat([same[same["method"] != "scratch"], transfer]))
    titles = [spec["title"] for spec in utility_figure(tables.utility, tables.summary).page_specs()]
    assert titles == [
        "Fine-tuned, pretrained on TCVL 32 px",
        "Linear probe, pretrained on TCVL 32 px",
        "Fine-tuned",
        "Linear probe",
    ]


def test_one_trial_is_drawn_without_intervals() -> None:
    tables = make_tables(make_results(trials=1))
    for figure in draw_figures(tables.summary, tables.utility, make_history()):
        for spec in figure.page_specs():
            assert "<svg" in vl_convert.vegalite_to_svg(spec)


def test_files(tmp_path: Path) -> None:
    figure = accuracy_figure(TABLES.summary)
    save_figure(figure, tmp_path / "charts")
    assert (tmp_path / "charts/accuracy.png").read_bytes().startswith(b"\x89PNG")
    assert "Accuracy against labels" in (tmp_path / "charts/accuracy.svg").read_text()
    assert json.loads((tmp_path / "charts/accuracy.json").read_text())["$schema"].startswith("https://vega.github.io")
