"""The report as a file: complete, self-contained, and deaf to what hostile names say."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic_report import make_predictions, make_report
from synthetic_study import make_results

from headstart.report import ReportData, write_report

HOSTILE = '</script><script>alert("x")</script><img src=x onerror=alert(1)>'


def written(report: ReportData, folder: Path) -> str:
    write_report(folder / "report.html", report)
    return (folder / "report.html").read_text()


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
    assert "Failed runs" not in body


def test_the_tables_show_every_point(page: str) -> None:
    body = page.split("<script")[0]
    body = re.sub(r'<div class="gallery">.*?</table>', "", body, flags=re.DOTALL)
    assert body.count("<small>") == 24 + 3 * 24 + 30 + 2  # utility; all numbers; accuracy; pretraining
    assert "≥ 0.00" in body


def test_predictions_stand_beside_the_truth(page: str) -> None:
    section = page.split("<h2>Predictions beside the truth</h2>")[1].split("</section>")[0]
    masks, depths = section.split('<div class="gallery">')[1:]
    for gallery in (masks, depths):
        heads = re.findall(r'<th scope="col">([^<]*)', gallery)
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
    results = make_results(dataset=HOSTILE).replace({"method": {"cmc": HOSTILE}})
    results.loc[results["labels"] == 250, "value"] = np.nan
    names = {"title": HOSTILE, "config": HOSTILE, "command": HOSTILE, "environment": {HOSTILE: HOSTILE}}
    predictions = make_predictions(HOSTILE)
    page = written(make_report(results, captions=(HOSTILE,), predictions=predictions, **names), tmp_path)
    assert 'alert("x")' not in page
    assert "<img src=x" not in page
    assert page.count("<script") == 2
    assert "&lt;/script&gt;" in page
    assert any(
        HOSTILE in json.dumps(spec, ensure_ascii=False).replace('\\"', '"') for spec in specifications(page).values()
    )


def test_failed_runs_are_listed(tmp_path: Path) -> None:
    results = make_results()
    results.loc[results["job"] == "cmc-finetune-500-1", "value"] = np.nan
    page = written(make_report(results), tmp_path)
    assert "<strong>1 run failed</strong> and is left out" in page
    assert "<td>cmc-finetune-500-1</td>" in page


def test_a_study_without_scratch_still_has_a_report(tmp_path: Path) -> None:
    results = make_results()
    page = written(make_report(results[results["method"] != "scratch"]), tmp_path)
    assert "Utility cannot be measured" in page
    assert list(specifications(page)) == ["chart-1-1", "chart-1-2", "chart-2-1", "chart-2-2"]  # accuracy, pretraining


def test_a_study_without_results_still_has_a_report(tmp_path: Path) -> None:
    results = make_results().assign(value=np.nan)
    page = written(make_report(results), tmp_path)
    assert "Utility cannot be measured" in page
    assert list(specifications(page)) == ["chart-1-1", "chart-1-2"]  # of pretraining
    assert "<strong>120 runs failed</strong>" in page


def test_several_datasets_have_a_column(tmp_path: Path) -> None:
    page = written(make_report(pd.concat([make_results(), make_results(dataset="other")])), tmp_path)
    assert '<th scope="col">dataset</th>' in page
    assert "<td>other</td>" in page
