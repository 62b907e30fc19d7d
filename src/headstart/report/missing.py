"""Runs without a number: how many and why in a line, whose in a sentence, and each in a table."""

from collections.abc import Sequence

import pandas as pd

from headstart.charts.names import arm_titles, protocol_title, short_keys
from headstart.charts.panels import differing
from headstart.report.cells import Cell, TextTable, places_of
from headstart.study.results.records import NOT_RUN

__all__ = ["missing_grid", "missing_line", "missing_sentence"]

"""The reason of a run that nothing became of so far; any other is why it failed."""
FEW = 5
"""Arms that a sentence names."""


def missing_line(missing: pd.DataFrame) -> str:
    """``3 runs failed, 12 not run yet``; empty where nothing is missing."""
    waiting = int((missing["reason"] == NOT_RUN).sum())
    failed = len(missing) - waiting
    counts = [f"{count:,} {what}" for count, what in ((failed, "failed"), (waiting, NOT_RUN)) if count]
    if not counts:
        return ""
    number, rest = counts[0].split(" ", 1)
    return ", ".join([f"{number} {'run' if number == '1' else 'runs'} {rest}", *counts[1:]])


def missing_sentence(missing: pd.DataFrame) -> str:
    """``Missing runs are left out of every mean: CMC (3), rotation (1).``; empty where nothing is missing."""
    if missing.empty:
        return ""
    titles, counts = arm_titles(missing["arm"]), missing["arm"].value_counts()
    named = [f"{titles[str(arm)]} ({count:,})" for arm, count in counts.head(FEW).items()]
    more = [f"{len(counts) - FEW} more arms"] if len(counts) > FEW else []
    return f"Missing runs are left out of every mean: {', '.join([*named, *more])}."


def missing_grid(missing: pd.DataFrame, varied: Sequence[str]) -> TextTable:
    """The runs that lack a number for the same reason in a row: their trials, counted from 1, and the reason."""
    columns = [*differing(missing, varied), *(["task"] if missing["task"].nunique() > 1 else [])]
    keys = [*columns, "arm", "protocol", "labels", "reason"]
    titles, short = arm_titles(missing["arm"]), short_keys(varied)
    rows, places = [], []
    for names, runs in missing.groupby(keys, sort=False):
        *where, arm, protocol, labels, reason = map(str, names)
        texts = [*where, titles[arm], protocol_title(protocol), f"{int(labels):,}"]
        trials = ", ".join(str(trial + 1) for trial in sorted(runs["trial"]))
        rows.append([*map(Cell, [*texts, trials]), Cell(reason, _steps(runs["step"]))])
        places += places_of(runs.head(1))
    header = [*(short.get(column, column) for column in columns), "arm", "protocol", "labels", "trials", "reason"]
    return TextTable(header, len(header), rows, places)


def _steps(steps: pd.Series) -> str:
    """At which steps runs ended, where that is known."""
    known = sorted({int(step) for step in steps.dropna()})
    return f"step {', '.join(f'{step:,}' for step in known)}" if known else ""
