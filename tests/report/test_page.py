"""The report as a file: complete, self-contained, and deaf to what hostile names say."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic_report import make_predictions, make_report
from synthetic_study import NAMED_CURVES, Curve, make_results, make_suite, make_tables, without

from headstart.report import ReportData, html, write_report

HOSTILE = '</script><script>alert("x")</script><img src=x onerror=alert(1)>'


def written(report: ReportData, folder: Path) -> str:
    write_report(folder / "report.html", report)
    return (folder / "report.html").read_text()


def section_of(page: str, name: str) -> str:
    """From the title with that permalink to the end of its section."""
    return page.split(f'<h2 id="{name}">')[1].split("</section>")[0]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(make_report(), tmp_path_factory.mktemp("report"))


def specifications(page: str) -> dict[str, dict[str, object]]:
    found = re.search(r'<script type="application/json" id="specifications">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_everything_is_on_the_page(page: str) -> None:
    report = make_report()
    body = page.split("<script")[0]
    for text in (report.title, report.verdict.headline, "two views", "headstart study run", "trials: 4", "2.13.0"):
        assert text in body
    assert list(specifications(page)) == [f"chart-{figure}-{panel}" for figure in (1, 2, 3) for panel in (1, 2)]
    assert all(f'id="{name}"' in body for name in specifications(page))
    assert "3 min 7 s" in body
    assert "Missing runs" not in body
    assert 'id="arms"' not in body, "all are methods under their own names"
    assert "How many more labels training from scratch would need" in body


def test_the_tables_show_every_point(page: str) -> None:
    body = page.split("<script")[0]
    body = re.sub(r'<div class="gallery".*?</table>', "", body, flags=re.DOTALL)
    assert body.count("<small>") == 24 + 3 * 24 + 30 + 1 + 2  # utility; all numbers; accuracy; trained out; pretraining
    assert "≥ 0.00" in body


def test_predictions_stand_beside_the_truth(page: str) -> None:
    section = section_of(page, "predictions")
    masks, depths = section.split('<div class="gallery"')[1:]
    for gallery in (masks, depths):
        heads = re.findall(r'<th scope="col"[^>]*>([^<]*)', gallery)
        assert heads == ["image", "truth", "blind guess", "from scratch", "rotation", "CMC"]
        assert "Fine-tuned on 2,000 labels, trial 1." in gallery
        assert gallery.count("<img") == 2 * len(heads)
        assert len(set(re.findall(r'alt="([^"]+)"', gallery))) == 2 * len(heads)
    assert "<small>11.0\u00a0%</small>" in masks
    assert "Not here" not in masks
    assert "Not here: rotation, CMC" in depths
    assert all(f"</span>{name}</li>" in masks for name in ("background", "chair"))
    assert 'alt="test image 2, depth by CMC"' in depths


def test_a_study_without_maps_has_no_section_for_them(tmp_path: Path) -> None:
    assert "Predictions" not in written(make_report(predictions=()), tmp_path).split("<script")[0]


def test_nothing_is_fetched(page: str) -> None:
    body = page.split("<script")[0]
    assert "default-src 'none'" in body
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', body) == []


def test_the_page_is_small(page: str) -> None:
    assert len(page.encode()) < 3_000_000


def test_names_are_escaped(tmp_path: Path) -> None:
    results = make_results(dataset=HOSTILE).replace({"arm": {"cmc": HOSTILE, "scratch": f"{HOSTILE} slow"}})
    results.insert(0, HOSTILE, HOSTILE)
    other = results.assign(**{HOSTILE: f"{HOSTILE} other", "dataset": f"{HOSTILE} other"})
    tables = make_tables(pd.concat([without(results, "cmc-finetune-250"), other]), {HOSTILE: HOSTILE})
    tables = tables._replace(missing=tables.missing.assign(reason=HOSTILE))
    names = {"title": HOSTILE, "config": HOSTILE, "command": HOSTILE, "environment": {HOSTILE: HOSTILE}}
    pretrained = {HOSTILE: "cmc", "rotation": "rotation"}
    report = make_report(tables, (HOSTILE,), make_predictions(HOSTILE), pretrained, **names)
    page = written(report, tmp_path)
    assert 'alert("x")' not in page
    assert "<img src=x" not in page
    assert page.count("<script") == 3
    assert page.count("&lt;/script&gt;") > 50
    specs = [json.dumps(spec, ensure_ascii=False).replace('\\"', '"') for spec in specifications(page).values()]
    assert all(HOSTILE in spec for spec in specs)


def test_missing_runs_are_told_on_top_beside_their_means_and_one_by_one(tmp_path: Path) -> None:
    tables = make_tables(without(make_results(curves=NAMED_CURVES, baseline="scratch slow"), *LOST))
    waiting = tables.missing["arm"] == "rotation"
    tables.missing.loc[waiting, ["step", "reason"]] = [np.nan, "not run yet"]
    body = written(make_report(tables), tmp_path).split("<script")[0]
    assert "<strong>2 runs failed, 4 not run yet</strong>" in body
    assert "Missing runs are left out of every mean: rotation (4), rotation long (2)." in body
    section = section_of(body, "missing")
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in section.split("<tr")[2:]]
    assert rows == [
        ["rotation", "fine-tuned", "500", "1, 2, 3, 4", "not run yet"],
        ["rotation long", "linear probe", "250", "2, 4", "the loss is not finite<small>step 300</small>"],
    ]
    scores = section_of(body, "scores")
    notes = re.findall(r'<small class="lacking">(.*?)</small>', scores)
    (partly,) = tables.summary.loc[tables.summary["missing"] == 2, "value_if_blind"]
    assert notes[1] == f"2 of 4 missing; {100 * partly:.1f}\u00a0% if they had guessed"
    assert notes[0].startswith("4 of 4 missing; ")
    utility = section_of(body, "utility").split("<details>")[0]
    assert re.findall(r'<small class="lacking">(.*?)</small>', utility) == ["4 of 4 missing", "2 of 4 missing"]


LOST = ("rotation long-linear-250-1", "rotation long-linear-250-3", "rotation-finetune-500-")


def test_a_long_list_of_missing_runs_can_be_opened(tmp_path: Path) -> None:
    tables = make_tables(without(make_results(), "rotation-", "cmc-"))
    body = written(make_report(tables), tmp_path).split("<script")[0]
    assert "<strong>96 runs failed</strong>" in body
    assert "<summary>All 24 rows</summary>" in body


def test_arms_say_what_they_are_and_what_they_do_differently(tmp_path: Path) -> None:
    curves = NAMED_CURVES | {("imagenet", "finetune"): Curve(0.9, 2.0, 3.0)}
    results = make_results(curves=curves, baseline="scratch slow")
    results.loc[results["arm"] == "imagenet", "method"] = "weights"
    tables = make_tables(results, {"rotation long": "pretrain steps 8,000"})
    section = section_of(written(make_report(tables), tmp_path), "arms")
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in section.split("<tr")[2:]]
    assert [
        "rotation long", "rotation pretraining", "compared", "pretrain steps 8,000",
    ] in rows  # fmt: skip
    assert ["scratch slow", "random weights", "baseline", ""] in rows
    assert ["from scratch", "random weights", "compared", ""] in rows
    assert ["imagenet", "weights from a file", "compared", ""] in rows
    assert ["random features", "random weights, frozen", "control", ""] in rows
    assert len(rows) == 7


def test_the_baseline_is_called_by_its_name(tmp_path: Path) -> None:
    tables = make_tables(make_results(baseline="cmc"))
    body = written(make_report(tables), tmp_path).split("<script")[0]
    assert "How many more labels CMC would need" in body
    assert "beyond what CMC reached" in body
    assert "CMC needs, labels" in body
    slow = make_tables(make_results(curves=NAMED_CURVES, baseline="scratch slow"))
    assert "How many more labels training from scratch (scratch slow) would need" in written(
        make_report(slow), tmp_path
    )


def test_a_suite_has_a_column_for_each_key_that_differs(tmp_path: Path) -> None:
    tables = make_tables(make_suite({"dataset.factors": ["T---", "----"], "backbone.width": ["16"]}))
    body = written(make_report(tables), tmp_path).split("<script")[0]
    for name in ("utility", "scores"):
        section = section_of(body, name).split("</table>")[0]
        assert re.findall(r'<th scope="col">(.*?)</th>', section) == ["arm", "protocol", "factors"]
        studies = re.findall(r"<td>(T---|----)</td>", section)
        assert studies == sorted(studies, reverse=True), "study by study, in the order of the suite"
        assert len(studies) == (10 if name == "scores" else 8)
    assert "(factors ----)".replace("-", "\u2011") in body.split("</header>")[0]


def test_many_panels_are_small_and_a_legend_serves_them_all(tmp_path: Path) -> None:
    widths = [str(width) for width in range(7)]
    body = written(make_report(make_tables(make_suite({"backbone.width": widths}))), tmp_path).split("<script")[0]
    assert body.count('<div class="panels small" style="--columns: 4">') == 2  # accuracy, utility
    assert body.count('<ul class="legend arms">') == 3
    assert body.count('<div class="chart accuracy"') == 14


def test_a_study_without_scratch_still_has_a_report(tmp_path: Path) -> None:
    results = make_results()
    page = written(make_report(make_tables(results[results["arm"] != "scratch"])), tmp_path)
    assert "Utility cannot be measured" in page
    assert list(specifications(page)) == ["chart-1-1", "chart-1-2", "chart-2-1", "chart-2-2"]  # accuracy, pretraining


def test_a_study_of_the_baseline_alone_still_has_a_report(tmp_path: Path) -> None:
    results = make_results()
    page = written(make_report(make_tables(results[results["arm"] == "scratch"])), tmp_path)
    assert "Utility cannot be measured" in page
    assert list(specifications(page)) == ["chart-1-1", "chart-2-1", "chart-2-2"]
    assert 'id="utility"' not in page


def test_a_study_without_results_still_has_a_report(tmp_path: Path) -> None:
    results = make_results().assign(value=np.nan)
    page = written(make_report(make_tables(results)), tmp_path)
    assert "Utility cannot be measured" in page
    assert list(specifications(page)) == ["chart-1-1", "chart-1-2"]  # of pretraining
    assert "<strong>120 runs failed</strong>" in page


def test_several_datasets_have_a_column(tmp_path: Path) -> None:
    page = written(make_report(make_tables(pd.concat([make_results(), make_results(dataset="other")]))), tmp_path)
    assert '<th scope="col">dataset</th>' in page
    assert "<td>other</td>" in page


def test_a_pretraining_that_has_not_run_has_no_numbers(tmp_path: Path) -> None:
    report = make_report()
    waiting = {"arm": "vae", "method": "vae", "seed": 0, "pretrain_dataset": "TCVL 32 px", "state": "not run yet"}
    table = pd.concat([report.pretraining, pd.DataFrame([waiting])])
    page = written(dataclasses.replace(report, pretraining=table), tmp_path)
    section = section_of(page, "pretraining")
    (row,) = [row for row in section.split("<tr") if "VAE" in row]
    assert re.findall(r"<td[^>]*>([^<]*)", row) == ["VAE", "0", "not run yet", "–", "–", "–", "–"]
    assert "nan" not in section


def test_the_script_is_bundled_once_and_without_a_cache_as_well(tmp_path, monkeypatch):
    bundled = []
    monkeypatch.setattr(html, "_bundled", lambda text: bundled.append(text) or "let script")
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    for _ in range(2):
        html._script.cache_clear()
        assert html._script() == "let script"
    assert len(bundled) == 1
    (tmp_path / "file").touch()
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "file"))
    html._script.cache_clear()
    assert html._script() == "let script"
    assert len(bundled) == 2, "what cannot be kept is made for the page"
    html._script.cache_clear()
