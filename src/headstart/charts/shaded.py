"""A matrix of shaded cells with a word in each: what is better or worse, by two names."""

from collections.abc import Sequence
from typing import NamedTuple

import altair as alt
import pandas as pd

from headstart.charts.layers import Spec, layered
from headstart.charts.theme import GRAY

__all__ = ["Side", "Words", "shaded"]

CELL = 46
"""Pixels from row to row."""
WORSE, NOTHING, BETTER = "#e08a4a", "#ffffff", "#4f9bd9"
INK = "#1c1e21"
"""Of the text in cells, which all of these colors are light enough for."""


class Side(NamedTuple):
    """A side of the matrix. column: of the table, whose values are named along it in this ``order``."""

    column: str
    title: str
    order: Sequence[str]


class Words(NamedTuple):
    """What stands above a matrix: its title, in lines, and what its cells show."""

    title: list[str]
    subtitle: str


def shaded(rows: pd.DataFrame, across: Side, down: Side, words: Words, tooltip: Sequence[alt.Tooltip]) -> Spec:
    """A cell per row of ``rows``: its ``text``, bold where it is ``sure``, its ``strength`` from −1 (worse) over 0 to 1
    (better), and a ``few`` words on what it lacks, empty where that is nothing."""
    axis = {"grid": False, "domain": False, "ticks": False, "labelLimit": 140}
    base = alt.Chart(rows).encode(
        x=alt.X(f"{across.column}:N", sort=list(across.order), title=across.title).axis(labelAngle=0, **axis),
        y=alt.Y(f"{down.column}:N", sort=list(down.order), title=down.title).axis(**axis),
        tooltip=list(tooltip),
    )
    shades = alt.Scale(domain=[-1, 0, 1], range=[WORSE, NOTHING, BETTER], interpolate="rgb")
    cells = base.mark_rect(stroke=GRAY, strokeOpacity=0.4).encode(alt.Color("strength:Q", scale=shades, legend=None))
    word = alt.Text("text:N")
    sure = base.mark_text(fontSize=13, color=INK, fontWeight="bold").encode(text=word).transform_filter("datum.sure")
    other = base.mark_text(fontSize=13, color=INK).encode(text=word).transform_filter("!datum.sure")
    missing = base.mark_text(fontSize=10, dy=14, color=INK).encode(text=alt.Text("few:N"))
    title = {"text": words.title, "subtitle": words.subtitle, "subtitleFontSize": 12}
    return layered(cells, sure, other, missing, title=title, height=CELL * len(down.order))
