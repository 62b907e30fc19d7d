"""Names at the ends of lines, so that nobody has to look for them in a legend, in charts that are wide enough."""

from collections.abc import Sequence
from typing import NamedTuple

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headstart.charts.layers import Spec
from headstart.utility import monotone_fit

__all__ = ["Vertical", "is_direct", "named_ends", "spread"]

GAP = 14.0
"""Pixels from a name to the next."""
LONGEST = 24
"""Letters of a name that there is room for; a longer one stands in the legend alone."""
MARK = "names of lines"
Floats = NDArray[np.float64]


class Vertical(NamedTuple):
    """A vertical axis: the ends of its domain, pixels from top to bottom, and whether it is ``symlog`` (constant 1)
    rather than linear."""

    domain: tuple[float, float]
    height: float
    symlog: bool = False

    def pixels(self, values: Floats) -> Floats:
        """From the top."""
        low, high = (self._bent(np.array(end)) for end in self.domain)
        found: Floats = self.height * (high - self._bent(values)) / (high - low)
        return found

    def values(self, pixels: Floats) -> Floats:
        """What stands so many pixels from the top."""
        low, high = (self._bent(np.array(end)) for end in self.domain)
        bent = high - pixels / self.height * (high - low)
        found: Floats = np.sign(bent) * np.expm1(np.abs(bent)) if self.symlog else bent
        return found

    def _bent(self, values: Floats) -> Floats:
        found: Floats = np.sign(values) * np.log1p(np.abs(values)) if self.symlog else values
        return found


def named_ends(
    rows: pd.DataFrame, axes: tuple[alt.X, alt.Y], color: alt.Scale, vertical: Vertical
) -> Sequence[alt.Chart]:
    """Names of the lines of ``rows``, which have ``line, labels`` and what the axes are of, right of the plot, each led
    to from the last point of its line, dotted and level where others go on beyond it; none where there are too many for
    the plot's height."""
    x, y = (str(axis["shorthand"]).removesuffix(":Q") for axis in axes)
    ends = rows.dropna(subset=[y]).sort_values("labels", kind="stable").drop_duplicates("line", keep="last")
    ends = ends[ends["line"].str.len() <= LONGEST]
    if ends.empty or GAP * len(ends) > vertical.height:
        return []
    placed = spread(vertical.pixels(ends[y].to_numpy(np.float64)), GAP, vertical.height)
    table = ends[["line", x, y]].assign(named_at=vertical.values(placed))
    early = ends["labels"] < rows["labels"].max()
    word = _names(table).mark_text(align="left", baseline="middle", dx=10, fontSize=11, tooltip=None)
    return [
        *_leads(table[~early], axes[0], axes, color),
        *_leads(table[early], alt.XValue("width"), axes, color),
        *_level(table[early], axes, color),
        word.encode(x=alt.XValue("width"), y=alt.Y("named_at:Q", scale=axes[1]["scale"]), text=alt.Text("line:N")),
    ]


def _names(table: pd.DataFrame) -> alt.Chart:
    return alt.Chart(table).properties(description=MARK)


def _leads(
    table: pd.DataFrame, start: alt.X | alt.XValue, axes: tuple[alt.X, alt.Y], color: alt.Scale
) -> list[alt.Chart]:
    """From ``start``, at the height of the last point, to the name."""
    if table.empty:
        return []
    lead = _names(table).mark_rule(strokeWidth=1, opacity=0.6, x2Offset=7, tooltip=None)
    ends = {"x": start, "x2": alt.X2Value("width"), "y": axes[1], "y2": alt.Y2("named_at:Q")}
    return [lead.encode(**ends, color=alt.Color("line:N", scale=color))]


def _level(table: pd.DataFrame, axes: tuple[alt.X, alt.Y], color: alt.Scale) -> list[alt.Chart]:
    """From the last point to the edge of the plot: no part of the line."""
    if table.empty:
        return []
    dots = _names(table).mark_rule(strokeWidth=1, opacity=0.6, strokeDash=[1, 3], tooltip=None)
    return [dots.encode(x=axes[0], x2=alt.X2Value("width"), y=axes[1], color=alt.Color("line:N", scale=color))]


def spread(places: Floats, gap: float, length: float) -> Floats:
    """The places nearest to ``places [N]`` between 0 and ``length`` that are ``gap`` apart, in the same order.

    >>> spread(np.array([50.0, 52.0, 90.0]), 10.0, 100.0).tolist()
    [46.0, 56.0, 90.0]
    """
    order = np.argsort(places, kind="stable")
    steps = gap * np.arange(len(places))
    closed = monotone_fit(places[order] - steps, np.ones(len(places)))
    found = np.empty_like(places)
    found[order] = np.clip(closed, 0.0, max(0.0, length - steps[-1])) + steps
    return found


def is_direct(layer: Spec) -> bool:
    """Whether a panel's layer is of names at the ends of lines."""
    return layer.get("description") == MARK
