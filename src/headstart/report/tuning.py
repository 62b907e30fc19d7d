"""The report of a search: what was chosen, what that changed, and how the search went."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from headstart.charts import Figure
from headstart.charts.names import arm_titles
from headstart.charts.text import metric_style, utility_text, with_utility_texts
from headstart.files import write_atomic
from headstart.report.cells import Cell, TextTable, plain_table
from headstart.report.html import render_page

__all__ = ["TuningReport", "change_grid", "choices_grid", "write_tuning_report"]

ENDS = ("before", "tuned")


@dataclass(frozen=True)
class TuningReport:
    """Everything the page shows.

    name: of the run, in the names of files that are saved from the page.
    before, tuned: the sentences on top of the study as it is and as tuned. described: what was searched. choices,
    change, trials: the tables of a search. config: the study as tuned, as YAML. command: what to type for it.
    """

    name: str
    title: str
    before: str
    tuned: str
    described: str
    choices: pd.DataFrame
    change: pd.DataFrame
    trials: pd.DataFrame
    figures: tuple[Figure, ...]
    config: str
    command: str


def write_tuning_report(path: Path, report: TuningReport) -> None:
    """Write the page to ``path``, whole or not at all."""
    page = render_page(
        "tuning.html.j2",
        report.figures,
        name=report.name,
        tables={"choices": report.choices, "change": report.change, "trials": report.trials},
        report=report,
        choices=choices_grid(report.choices),
        change=change_grid(report.change),
        trials=plain_table(report.trials.map(_short), 3),
    )
    write_atomic(path, page.encode())


def choices_grid(choices: pd.DataFrame) -> TextTable:
    """An arm a row: its settings that differ from its own, and validation scores. choices: ``arm, metric, chosen,
    score_default, score_chosen``, in the metric's units."""
    titles = arm_titles(choices["arm"])
    rows = [
        [Cell(titles[row["arm"]]), Cell(row["chosen"]), *(_score(row, name) for name in ("default", "chosen"))]
        for row in choices.to_dict("records")
    ]
    return TextTable(["arm", "chosen", "validation score by default", "as chosen"], 2, rows)


def change_grid(change: pd.DataFrame) -> TextTable:
    """An arm and budget a row, of each task where there are several: utility as the study is, as tuned, and the
    change."""
    titles, tasks = arm_titles(change["arm"]), ["task"] if change["task"].nunique() > 1 else []
    ends = [with_utility_texts(_of(change, when)) for when in ENDS]
    rows = [
        [
            *(Cell(row[name]) for name in tasks),
            Cell(titles[row["arm"]]),
            Cell(f"{row['labels']:,}"),
            *(Cell(end["utility_text"].iloc[number], end["utility_range"].iloc[number]) for end in ends),
            Cell("–" if math.isnan(row["change"]) else utility_text(row["change"])),
        ]
        for number, row in enumerate(change.to_dict("records"))
    ]
    return TextTable([*tasks, "arm", "labels", "utility before", "tuned", "change"], 1 + len(tasks), rows)


def _of(change: pd.DataFrame, when: str) -> pd.DataFrame:
    """The columns of one of the two studies, under the names that texts are made from."""
    columns = {f"{name} {when}": name for name in ("utility", "utility_low", "utility_high", "censored")}
    table = change[list(columns)].rename(columns=columns)
    unknown = dict.fromkeys(("equivalent_labels", "equivalent_low", "equivalent_high"), math.nan)
    return table.assign(**unknown, censored=table["censored"].fillna("none"))


def _score(row: Mapping[Any, Any], which: str) -> Cell:
    value, metric = row[f"score_{which}"], metric_style(row["metric"])
    return Cell("–" if math.isnan(value) else f"{metric.show(value)}{metric.unit}")


def _short(value: Any) -> Any:
    """Numbers as they are read; what is not there as a dash."""
    if pd.isna(value):
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else value
