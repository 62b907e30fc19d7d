"""Which method is best, by task and budget: a cell each, with its lead over the next."""

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from headstart.charts.figure import LARGE, Figure, Layout
from headstart.charts.layers import Spec, layered
from headstart.charts.looks import Look, Looks, arm_scales
from headstart.charts.text import difference_text, percent
from headstart.charts.theme import GRAY, tint

__all__ = ["best_figure"]

CELL, COLUMN, INK = 70, 92, "#1c1e21"
"""Pixels of a row and, at least, of a column, and the color of text, which all tints are light enough for."""
PART = 0.45
"""Of an arm's color in its tint."""
NOTHING = "no number"
THOUSANDS = 10_000
"""As many labels are told in thousands, for a cell is narrow."""


def best_figure(table: pd.DataFrame, looks: Looks, confidence: float) -> Figure:
    """Of a table with ``place`` (task and dataset), ``budget`` (its rank from 1), ``labels, metric``, the best ``arm``,
    its ``lead`` over the next with ``low`` and ``high``, and how many runs are ``missing``: a cell per row. NaN is what
    is not there."""
    rows = _in_words(looks.named(table))
    legend = looks.of(rows["line"].dropna())
    caption = (
        f"The best mean score over trials, its lead over the next, and the {percent(confidence)} interval of that lead "
        "alone; of several methods one leads by chance, so whether a lead is sure, the rules say."
    )
    layout = Layout(1, max(LARGE.width, COLUMN * rows["budget"].nunique()), LARGE.height)
    panels = (_draw(rows, legend),) if legend else ()
    return Figure("best", "The best method by task and budget", caption, panels, tuple(legend), layout)


def _in_words(rows: pd.DataFrame) -> pd.DataFrame:
    """With the lines of each cell: ``name``, ``leads`` and ``beside``, which is the interval or why there is none."""
    known: list[Any] = rows.to_dict("records")
    return rows.assign(
        name=rows["line"].fillna(NOTHING), leads=list(map(_leads, known)), beside=list(map(_beside, known))
    )


def _leads(row: Mapping[str, Any]) -> str:
    """``+2.1, 100 labels``, ``0.0, 20k labels``"""
    lead = "" if pd.isna(row["lead"]) else f"{difference_text(row['metric'], row['lead'])}, "
    labels = row["labels"]
    return f"{lead}{labels if labels < THOUSANDS else f'{labels / 1000:g}k'} labels"


def _beside(row: Mapping[str, Any]) -> str:
    """``+0.4 to +3.8``, or ``2 runs missing``"""
    if row["missing"]:
        return f"{row['missing']} run{'s' if row['missing'] > 1 else ''} missing"
    if pd.isna(row["lead"]):
        return ""
    ends = (difference_text(row["metric"], row[end]) for end in ("low", "high"))
    return "single run" if pd.isna(row["low"]) else " to ".join(ends)


def _draw(rows: pd.DataFrame, legend: list[Look]) -> Spec:
    scales = arm_scales(legend)
    tints = alt.Scale(domain=[look.title for look in legend], range=[tint(look.color, PART) for look in legend])
    axis = {"grid": False, "domain": False, "ticks": False}
    place = {
        "x": alt.X("budget:O", title="label budget, from the smallest").axis(labelAngle=0, **axis),
        "y": alt.Y("place:N", sort=list(dict.fromkeys(rows["place"])), title=None).axis(labelLimit=220, **axis),
    }
    known = alt.Chart(rows.dropna(subset=["line"])).encode(**place)
    cells = known.mark_rect(stroke=GRAY, strokeOpacity=0.4).encode(
        color=alt.Color("line:N", scale=tints, legend=None), tooltip=["place:N", "line:N", "leads:N", "beside:N"]
    )
    marks = known.mark_point(filled=True, size=70, opacity=1, yOffset=-23).encode(
        shape=alt.Shape("line:N", scale=scales.shape), fill=alt.Fill("line:N", scale=scales.color, legend=None)
    )
    unknown = alt.Chart(rows[rows["line"].isna()]).encode(**place)
    empty = unknown.mark_rect(stroke=GRAY, strokeOpacity=0.4, strokeDash=[3, 3], filled=False)
    words = [
        chart.mark_text(fontSize=size, dy=down, **color).encode(text=alt.Text(f"{name}:N"))
        for name, size, down in (("name", 12, -7), ("leads", 10, 9), ("beside", 10, 23))
        for chart, color in ((known, {"color": INK}), (unknown, {}))
    ]
    return layered(cells, marks, empty, *words, height=CELL * rows["place"].nunique())
