"""The report of a study: everything that its page shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from headstart.charts import Figure
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
from headstart.report.html import render_page
from headstart.report.missing import missing_grid, missing_line
from headstart.report.training import state_training, training_grid
from headstart.report.verdict import Verdict

__all__ = ["Gallery", "ReportData", "Sample", "write_report"]


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
    baseline, varied = find_baseline(report.arms), report.varied
    page = render_page(
        "page.html.j2",
        report.figures,
        report=report,
        confidence=percent(report.confidence),
        scores="Accuracy" if set(report.summary["metric"]) <= {"accuracy"} else "Scores",
        baseline=baseline,
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


def _with_durations(timings: pd.DataFrame) -> pd.DataFrame:
    return timings.assign(time=timings["seconds"].map(_duration)).drop(columns="seconds")


def _duration(seconds: float) -> str:
    """``45 s``, ``3 min 12 s``, ``2 h 5 min``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
