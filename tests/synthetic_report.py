"""A whole report, made up."""

import io

import numpy as np
import pandas as pd
from PIL import Image
from synthetic_study import make_history, make_pretraining, make_tables

from headstart.charts import draw_figures
from headstart.report import ReportData, Sample, state_verdict
from headstart.study.tables import failures


def checkers(seed: int) -> bytes:
    """A PNG of 480 × 160 pixels."""
    colors = np.random.default_rng(seed).integers(0, 256, (5, 15, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(colors.repeat(32, axis=0).repeat(32, axis=1)).save(file, "png")
    return file.getvalue()


def make_report(
    results: pd.DataFrame | None = None,
    captions: tuple[str, ...] = ("training images, a row per class", "two views of one image"),
    **names: object,
) -> ReportData:
    """The report of ``results``, by default those of ``make_results``; ``names`` replace texts."""
    tables = make_tables(results)
    texts = {
        "title": "quickstart: classification of TCVL 32 px, resnet9 width=16",
        "config": "name: quickstart\nseed: 0\nbudgets: [50, 100, 250, 500, 1000, 2000]\ntrials: 4\n",
        "environment": {"headstart": "0.1.0", "processor": "a processor with a long name, 64 cores", "torch": "2.13.0"},
        "command": "headstart study run quickstart --out runs",
    }
    return ReportData(
        verdict=state_verdict(tables.utility),
        summary=tables.summary,
        utility=tables.utility,
        figures=draw_figures(tables.summary, tables.utility, make_history()),
        pretraining=make_pretraining(),
        timings=pd.DataFrame(
            {
                "kind": ["dataset", "pretrain", "trial"],
                "count": [1, 2, 120],
                "cached": [0, 0, 24],
                "seconds": [21, 96.2, 187],
            }
        ),
        samples=tuple(Sample(caption, checkers(place)) for place, caption in enumerate(captions)),
        failures=failures(tables.results),
        **(texts | names),
    )
