"""One score against another, a point per arm, budget and dataset: two networks, or a probe and the whole network."""

from collections.abc import Iterator

import altair as alt
import pandas as pd

from headstart.charts.figure import Figure, Layout
from headstart.charts.layers import Spec, layered
from headstart.charts.looks import ArmScales, Looks, arm_scales
from headstart.charts.panels import Panel
from headstart.charts.text import percent
from headstart.charts.theme import GRAY

__all__ = ["against_figure"]

NUMBERS = ["x", "x_low", "x_high", "y", "y_low", "y_high"]


def against_figure(
    table: pd.DataFrame, looks: Looks, *, name: str, title: str, axes: tuple[str, str], caption: str, confidence: float
) -> Figure:
    """A panel per ``panel`` of the table, whose rows have ``arm, labels, place`` and ``x, y``, each with ``_low`` and
    ``_high``, NaN where there is no interval. axes: what x and y are. On the line both are equal."""
    rows = looks.named(table.dropna(subset=["x", "y"]))
    panels = [Panel(str(panel), {}, own) for panel, own in rows.groupby("panel", sort=False)]
    legend, layout = looks.of(rows["line"]), Layout.of(panels)
    text = f"{caption} Bars are {percent(confidence)} intervals over trials; a cell that has none has no bar."
    drawn = tuple(_draw(panels, arm_scales(legend), layout, axes))
    return Figure(name, title, text, drawn, tuple(legend), layout)


def _draw(panels: list[Panel], scales: ArmScales, layout: Layout, axes: tuple[str, str]) -> Iterator[Spec]:
    for panel in panels:
        ends = panel.rows[NUMBERS].to_numpy()
        domain = [float(pd.Series(ends.ravel()).min()), float(pd.Series(ends.ravel()).max())]
        scale = alt.Scale(domain=domain, nice=True, zero=False)
        base = alt.Chart(panel.rows).encode(color=alt.Color("line:N", scale=scales.color))
        x, y = alt.X("x:Q", scale=scale, title=axes[0]), alt.Y("y:Q", scale=scale, title=axes[1])
        corner = pd.DataFrame({"x": domain, "y": domain})
        equal = alt.Chart(corner).mark_line(color=GRAY, strokeDash=[4, 4]).encode(x=x, y=y)
        across = base.mark_rule(opacity=0.5).encode(x=alt.X("x_low:Q", title=axes[0]), x2="x_high")
        along = base.mark_rule(opacity=0.5).encode(x=x, y=alt.Y("y_low:Q", title=axes[1]), y2="y_high")
        points = base.mark_point(filled=True, size=60, opacity=1).encode(
            x=x, y=y, shape=alt.Shape("line:N", scale=scales.shape), tooltip=_tooltips(axes)
        )
        marks = equal, across.encode(y=y), along, points
        yield layered(*marks, title=layout.title(panel.title), height=layout.height)


def _tooltips(axes: tuple[str, str]) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("line:N", title="arm"),
        alt.Tooltip("place:N", title="of"),
        alt.Tooltip("labels:Q", title="labels", format=","),
        alt.Tooltip("x:Q", title=axes[0], format=".3f"),
        alt.Tooltip("y:Q", title=axes[1], format=".3f"),
    ]
