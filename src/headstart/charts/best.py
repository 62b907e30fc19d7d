"""Which method is best, by task and budget: a cell each, with its lead over the next."""

import altair as alt
import pandas as pd

from headstart.charts.figure import Figure
from headstart.charts.layers import Spec, layered
from headstart.charts.looks import Looks
from headstart.charts.text import difference_text
from headstart.charts.theme import GRAY

__all__ = ["best_figure"]

CELL, INK = 44, "#1c1e21"
"""Pixels of a row, and the color of text, which all tints are light enough for."""
KEYS = ["place", "budget"]


def best_figure(table: pd.DataFrame, looks: Looks) -> Figure:
    """Of a table with ``place`` (task and dataset), ``budget`` (its rank from 1), ``labels, arm, metric`` and
    ``score``, more being better: the best arm of each cell, and how far it is ahead."""
    best = _best(looks.named(table.dropna(subset=["score"])))
    legend = looks.of(best["line"])
    caption = "The best mean score over trials, and its lead over the next; whether a lead is sure, the rules say."
    panels = (_draw(best, looks),) if len(best) else ()
    return Figure("best", "The best method by task and budget", caption, panels, tuple(legend))


def _best(table: pd.DataFrame) -> pd.DataFrame:
    ordered = table.sort_values("score", ascending=False, kind="stable")
    first = ordered.groupby(KEYS, sort=False).nth(0).set_index(KEYS)
    second = ordered.groupby(KEYS, sort=False).nth(1).set_index(KEYS)["score"]
    lead = (first["score"] - second).reindex(first.index)
    texts = [difference_text(name, value) for name, value in zip(first["metric"], lead, strict=True)]
    return first.assign(lead=texts, text=[f"{labels:,} labels" for labels in first["labels"]]).reset_index()


def _draw(best: pd.DataFrame, looks: Looks) -> Spec:
    shown = looks.of(best["line"])
    scale = alt.Scale(domain=[look.title for look in shown], range=[look.color for look in shown])
    axis = {"grid": False, "domain": False, "ticks": False}
    base = alt.Chart(best).encode(
        x=alt.X("budget:O", title="label budget, from the smallest").axis(labelAngle=0, **axis),
        y=alt.Y("place:N", sort=list(dict.fromkeys(best["place"])), title=None).axis(labelLimit=220, **axis),
        tooltip=["place:N", "line:N", alt.Tooltip("text:N", title="with"), alt.Tooltip("lead:N", title="ahead by")],
    )
    tint = alt.Color("line:N", scale=scale, legend=None)
    cells = base.mark_rect(stroke=GRAY, strokeOpacity=0.4, opacity=0.45).encode(color=tint)
    names = base.mark_text(fontSize=12, dy=-7, color=INK).encode(text="line:N")
    leads = base.mark_text(fontSize=10, dy=9, color=INK).encode(text="lead:N")
    return layered(cells, names, leads, height=CELL * best["place"].nunique())
