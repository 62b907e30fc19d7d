"""The report: one HTML file that holds everything it shows, and asks no network for anything.

Names from data are escaped by the template. Should one slip through, the page's content security policy still lets no
script run but its own, known by its hash, and nothing be fetched.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jinja2
import pandas as pd
import vl_convert

from headstart.charts import Figure
from headstart.charts.looks import SHAPES
from headstart.charts.names import find_baseline
from headstart.charts.text import percent
from headstart.data.viewing.comparison import Swatch
from headstart.files import write_atomic
from headstart.report.cells import (
    Cell,
    accuracy_grid,
    all_numbers,
    arms_grid,
    plain_table,
    pretraining_grid,
    utility_grid,
)
from headstart.report.missing import missing_grid, missing_line
from headstart.report.training import state_training, training_grid
from headstart.report.verdict import Verdict

__all__ = ["Gallery", "ReportData", "Sample", "write_report"]

HERE = Path(__file__).parent


class Sample(NamedTuple):
    """An image to show: what it is, and PNG bytes."""

    caption: str
    png: bytes


class Gallery(NamedTuple):
    """Pictures in rows under a header, and what their colors mean."""

    title: str
    caption: str
    legend: tuple[Swatch, ...]
    header: tuple[Cell, ...]
    rows: tuple[tuple[Sample, ...], ...]


@dataclass(frozen=True)
class ReportData:
    """Everything the page shows.

    summary, utility, arms, missing, trained_out, pretraining: the tables of a study, or those of a suite's studies one
    after another. varied: the keys that tell these studies apart, each a column of every table but ``arms``. samples:
    images as PNG. config: the resolved study as YAML. environment: what it ran on, by name. timings: per kind of job
    ``kind, count, seconds``. command: what to type to get the same again. predictions: maps that networks predicted,
    beside the truth.
    """

    title: str
    verdict: Verdict
    summary: pd.DataFrame
    utility: pd.DataFrame
    arms: pd.DataFrame
    missing: pd.DataFrame
    trained_out: pd.DataFrame
    figures: tuple[Figure, ...]
    config: str
    environment: Mapping[str, str]
    timings: pd.DataFrame
    command: str
    varied: tuple[str, ...] = ()
    confidence: float = 0.95
    samples: tuple[Sample, ...] = ()
    pretraining: pd.DataFrame = field(default_factory=pd.DataFrame)
    predictions: tuple[Gallery, ...] = ()


def write_report(path: Path, report: ReportData) -> None:
    """Write the page to ``path``, whole or not at all.

    >>> write_report(Path("report.html"), report)  # doctest: +SKIP
    """
    script, baseline, varied = _script(), find_baseline(report.arms), report.varied
    page = _template().render(
        report=report,
        confidence=percent(report.confidence),
        scores="Accuracy" if set(report.summary["metric"]) <= {"accuracy"} else "Scores",
        style=(HERE / "page.css").read_text(),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        specs=[figure.page_specs() for figure in report.figures],
        baseline=baseline,
        shapes=SHAPES,
        utility=utility_grid(report.utility, report.summary, varied),
        accuracy=accuracy_grid(report.summary, varied),
        numbers=all_numbers(report.utility, report.summary, varied, baseline.name),
        pretraining=pretraining_grid(report.pretraining, varied),
        arms=arms_grid(report.arms),
        lacking=missing_line(report.missing),
        training=state_training(report.trained_out, report.arms),
        doublings=training_grid(report.trained_out, varied),
        missing=missing_grid(report.missing, varied),
        timings=plain_table(_with_durations(report.timings), 1),
    )
    write_atomic(path, page.encode())


def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(HERE)
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["base64"] = lambda data: base64.b64encode(data).decode()
    return environment.get_template("page.html.j2")


@cache
def _script() -> str:
    """``page.js`` with the Vega libraries that vl-convert ships. Bundling takes seconds, once a process."""
    script: str = vl_convert.javascript_bundle((HERE / "page.js").read_text())
    assert "</script" not in script.lower(), "the script would end its own element"
    return script


def _with_durations(timings: pd.DataFrame) -> pd.DataFrame:
    return timings.assign(time=timings["seconds"].map(_duration)).drop(columns="seconds")


def _duration(seconds: float) -> str:
    """``45 s``, ``3 min 12 s``, ``2 h 5 min``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
