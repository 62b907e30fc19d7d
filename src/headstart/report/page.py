"""The report of a study: everything that its page shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from headstart.charts import Figure
from headstart.charts.names import arm_titles, find_baseline, protocol_title
from headstart.charts.text import percent, utility_ends
from headstart.data.viewing.comparison import Swatch
from headstart.files import write_atomic
from headstart.report.advice import AdviceBox, duration
from headstart.report.cells import (
    Cell,
    accuracy_grid,
    all_numbers,
    arms_grid,
    plain_table,
    pretraining_grid,
    utility_grid,
)
from headstart.report.html import Choice, render_page
from headstart.report.missing import missing_grid, missing_line
from headstart.report.training import state_training, training_grid
from headstart.report.verdict import Verdict
from headstart.utility import Interpolation

__all__ = ["Contrast", "Gallery", "ReportData", "Sample", "write_report"]

ROLES = ["baseline", "compared", "control"]


class Sample(NamedTuple):
    """An image to show: what it is, PNG bytes, and what else is to be said."""

    caption: str
    png: bytes
    below: str = ""


class Gallery(NamedTuple):
    """Pictures in rows under a header, and what their colors mean. place: the task that they are about. columns: what
    each column is about."""

    title: str
    caption: str
    legend: tuple[Swatch, ...]
    header: tuple[Cell, ...]
    rows: tuple[tuple[Sample, ...], ...]
    place: Mapping[str, str]
    columns: tuple[Mapping[str, str], ...]


class Contrast(NamedTuple):
    """Images that one arm gets right and another wrong, each with what it is. place: what they are about."""

    title: str
    caption: str
    samples: tuple[Sample, ...]
    place: Mapping[str, str]


@dataclass(frozen=True)
class ReportData:
    """Everything the page shows.

    name: of the run, in the names of files that are saved from the page.
    summary, utility, arms, missing, trained_out, pretraining: the tables of a study, or those of a suite's studies one
    after another. varied: the keys that tell these studies apart, each a column of every table but ``arms``. samples:
    images as PNG. config: the resolved study as YAML. environment: what it ran on, by name. timings: per kind of job
    ``kind, count, seconds``. command: what to type to get the same again. predictions: maps that networks predicted,
    beside the truth. contrasts: images that one arm gets right and another wrong. advice: what to do, where it can be
    told.
    """

    name: str
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
    interpolation: Interpolation = "log"
    samples: tuple[Sample, ...] = ()
    pretraining: pd.DataFrame = field(default_factory=pd.DataFrame)
    predictions: tuple[Gallery, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    advice: AdviceBox | None = None


def write_report(path: Path, report: ReportData) -> None:
    """Write the page to ``path``, whole or not at all.

    >>> write_report(Path("report.html"), report)  # doctest: +SKIP
    """
    baseline, varied = find_baseline(report.arms), report.varied
    page = render_page(
        "page.html.j2",
        report.figures,
        name=report.name,
        tables=_tables(report),
        filters=_choices(report.summary),
        report=report,
        confidence=percent(report.confidence),
        utility_ends=utility_ends(report.interpolation, report.confidence).one,
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


def _tables(report: ReportData) -> dict[str, pd.DataFrame]:
    """What can be saved, by the name of the section that shows it."""
    advice = {"advice": report.advice.numbers} if report.advice else {}
    return advice | {
        "utility": report.utility,
        "scores": report.summary,
        "arms": report.arms,
        "trained-out": report.trained_out,
        "pretraining": report.pretraining,
        "missing": report.missing,
        "timings": report.timings,
    }


def _choices(summary: pd.DataFrame) -> list[Choice]:
    """Arms, what they are read against last, tasks and protocols, where there are several."""
    arms = summary.sort_values("role", key=lambda roles: roles.map(ROLES.index), kind="stable")["arm"]
    found = {
        "arm": ("Arms", arm_titles(arms)),
        "task": ("Tasks", {name: name for name in summary["task"].unique()}),
        "protocol": ("Protocols", {name: protocol_title(name) for name in summary["protocol"].unique()}),
    }
    return [Choice(kind, title, list(names.items())) for kind, (title, names) in found.items() if len(names) > 1]


def _with_durations(timings: pd.DataFrame) -> pd.DataFrame:
    return timings.assign(time=timings["seconds"].map(duration)).drop(columns="seconds")
