"""Marks that all charts share: points of means, hollow where a mean is not whole, and crosses where there is none."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from headstart.charts.joins import between_budgets
from headstart.charts.theme import labels_axis, labels_domain

__all__ = ["beside", "crosses", "dodged", "lonely", "mean_points", "missing_tooltip", "note_of_marks", "with_whole"]

HOLLOW = " Hollow points: runs are missing from the mean, or it is of a single run and has no interval."
CROSSES = " Crosses at the foot: no run gave a number."
CROSS = "M-0.8,-0.8L0.8,0.8M-0.8,0.8L0.8,-0.8"
DODGE = 0.012
"""Of the axis, between what two arms have at one budget."""


def with_whole(table: pd.DataFrame) -> pd.DataFrame:
    """The table with ``whole``: whether a mean lacks no run and has an interval, or is none of runs."""
    return table.assign(whole=(table["missing"] == 0) & table["value_low"].notna() | between_budgets(table))


def note_of_marks(rows: pd.DataFrame) -> str:
    """What a caption says of the hollow points and crosses of ``rows``, which have ``value`` and ``whole``."""
    gone = rows["value"].isna()
    return (HOLLOW if (~rows["whole"] & ~gone).any() else "") + (CROSSES if gone.any() else "")


def mean_points(base: alt.Chart, rows: pd.DataFrame, **style: Any) -> list[alt.Chart]:
    """The points of a chart of ``rows``, which have ``whole``. What is hollow can be pointed at all the same."""
    style = {"size": 70, "opacity": 1} | style
    filled = base.mark_point(filled=True, **style)
    if rows["whole"].all():
        return [filled]
    hollow = base.mark_point(filled=False, strokeWidth=2, **style)
    return [filled.transform_filter("datum.whole"), hollow.transform_filter("!datum.whole")]


def lonely(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with an interval whose neighbors on their ``line`` have none, of which a band would show nothing."""
    ordered = rows.sort_values("labels", kind="stable")
    known = ordered["value_low"].notna()
    beside = known.groupby(ordered["line"])
    return ordered[known & ~beside.shift(1, fill_value=False) & ~beside.shift(-1, fill_value=False)]


def crosses(rows: pd.DataFrame, budgets: pd.Series, color: alt.Scale) -> list[alt.Chart]:
    """A cross at the foot of a plot for each of ``rows`` without a ``value``, side by side; nothing where all have
    one."""
    gone = dodged(rows, budgets)
    gone = gone[gone["value"].isna()]
    if gone.empty:
        return []
    marks = alt.Chart(gone).mark_point(shape=CROSS, size=45, strokeWidth=2, filled=False, opacity=1, yOffset=-7)
    tooltip = [
        alt.Tooltip("line:N", title="arm"),
        alt.Tooltip("labels:Q", title="labels", format=","),
        alt.Tooltip("missing_text:N", title="missing"),
    ]
    place = {"x": labels_axis(budgets, "position"), "y": alt.YValue("height")}
    return [marks.encode(**place, color=alt.Color("line:N", scale=color), tooltip=tooltip)]


def dodged(rows: pd.DataFrame, budgets: pd.Series) -> pd.DataFrame:
    """The rows with ``position``, their labels moved a little, so that arms stand side by side."""
    arms = {name: index for index, name in enumerate(rows["line"].unique())}
    start, end = labels_domain(budgets)
    offset = DODGE * (rows["line"].map(arms).astype(float) - (len(arms) - 1) / 2)
    return rows.assign(position=rows["labels"] * np.power(end / start, offset))


def beside(budgets: pd.Series, arms: int) -> tuple[float, float]:
    """Where, in labels, the marks of so many arms at the fewest labels end, and where those at the most begin.

    With one budget there is no room between the two: then the ends of the axis.
    """
    start, end = labels_domain(budgets)
    if budgets.nunique() == 1:
        return start, end
    reach = float(np.power(end / start, DODGE * (arms - 1) / 2))
    return float(budgets.min()) * reach, float(budgets.max()) / reach


def missing_tooltip(rows: pd.DataFrame) -> list[alt.Tooltip]:
    """A line for tooltips, where anything is missing from ``rows``, which have ``missing_text``."""
    return [alt.Tooltip("missing_text:N", title="missing")] if rows["missing"].any() else []
