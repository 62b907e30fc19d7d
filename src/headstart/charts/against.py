"""One score against another, a point per arm, budget and dataset: two networks, or a probe and the whole network."""

from collections.abc import Iterator

import altair as alt
import numpy as np
import pandas as pd

from headstart.charts.figure import Figure, Layout
from headstart.charts.layers import Spec, layered
from headstart.charts.looks import ArmScales, Looks, arm_scales
from headstart.charts.marks import CROSS, mean_points
from headstart.charts.panels import Panel
from headstart.charts.text import percent
from headstart.charts.theme import GRAY, nice_domain

__all__ = ["against_figure"]

NUMBERS = ["x", "x_low", "x_high", "y", "y_low", "y_high"]
CROWD = 40
"""More points than this hide each other behind their bars."""
HOLLOW = " Hollow points: runs are missing from a mean, or it is of a single run and has no interval."
CROSSES = " Crosses at an edge: the other score has no number."


def against_figure(
    table: pd.DataFrame,
    looks: Looks,
    *,
    name: str,
    title: str,
    axes: tuple[str, str],
    caption: str,
    confidence: float,
    axis_format: str = "~g",
) -> Figure:
    """A panel per ``panel`` of the table, whose rows have ``arm, labels, place``, whether they are ``whole``, and ``x,
    y``, each with ``_low`` and ``_high``; NaN is what is not there. axes: what x and y are, in ``axis_format`` (d3).
    On the line both are equal."""
    rows = looks.named(table.dropna(subset=["x", "y"], how="all"))
    both = rows[["x", "y"]].notna().all(axis=1)
    panels = [Panel(str(panel), {}, own) for panel, own in rows.groupby("panel", sort=False)]
    legend, layout = looks.of(rows["line"]), Layout.of(panels)
    notes = (HOLLOW if (~rows["whole"] & both).any() else "") + ("" if both.all() else CROSSES)
    text = f"{caption} Bars are {percent(confidence)} intervals over trials.{notes}"
    drawn = tuple(_draw(panels, arm_scales(legend), layout, axes, axis_format))
    return Figure(name, title, text, drawn, tuple(legend), layout)


def _draw(
    panels: list[Panel], scales: ArmScales, layout: Layout, axes: tuple[str, str], axis_format: str
) -> Iterator[Spec]:
    axis = alt.Axis(format=axis_format, tickCount=5)
    for panel in panels:
        ends = panel.rows[NUMBERS].to_numpy(np.float64)
        domain = nice_domain(float(np.nanmin(ends)), float(np.nanmax(ends)))
        scale = alt.Scale(domain=domain, nice=False, zero=False)
        x = alt.X("x:Q", scale=scale, title=axes[0], axis=axis)
        y = alt.Y("y:Q", scale=scale, title=axes[1], axis=axis)
        corner = alt.Chart(pd.DataFrame({"x": domain, "y": domain})).mark_line(color=GRAY, strokeDash=[4, 4])
        both = panel.rows[["x", "y"]].notna().all(axis=1)
        layers = [corner.encode(x=x, y=y), *_points(panel.rows[both], (x, y), scales, axes)]
        layers += _edges(panel.rows[~both], (x, y), scales)
        yield layered(*layers, title=layout.title(panel.title), height=layout.height)


def _points(
    rows: pd.DataFrame, places: tuple[alt.X, alt.Y], scales: ArmScales, axes: tuple[str, str]
) -> list[alt.Chart]:
    """Scores with bars both ways."""
    x, y = places
    base = alt.Chart(rows).encode(color=alt.Color("line:N", scale=scales.color))
    bar = base.mark_rule(opacity=0.5 if len(rows) <= CROWD else 0.2)
    return [
        bar.encode(x=alt.X("x_low:Q", title=axes[0]), x2=alt.X2("x_high"), y=y),
        bar.encode(x=x, y=alt.Y("y_low:Q", title=axes[1]), y2=alt.Y2("y_high")),
        *mean_points(
            base.encode(x=x, y=y, shape=alt.Shape("line:N", scale=scales.shape), tooltip=_tooltips(axes)), rows, size=60
        ),
    ]


def _edges(rows: pd.DataFrame, places: tuple[alt.X, alt.Y], scales: ArmScales) -> list[alt.Chart]:
    """Crosses where one of both scores is known."""
    color = alt.Color("line:N", scale=scales.color)
    style = {"shape": CROSS, "size": 45, "strokeWidth": 2, "filled": False, "opacity": 1}
    known = rows["x"].notna()
    sides = (
        (rows[known], {"x": places[0], "y": alt.YValue("height")}, {"yOffset": -7}),
        (rows[~known], {"x": alt.XValue(0), "y": places[1]}, {"xOffset": 7}),
    )
    return [
        alt.Chart(own).mark_point(**style, **offset).encode(**place, color=color)
        for own, place, offset in sides
        if len(own)
    ]


def _tooltips(axes: tuple[str, str]) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("line:N", title="arm"),
        alt.Tooltip("place:N", title="of"),
        alt.Tooltip("labels:Q", title="labels", format=","),
        alt.Tooltip("x:Q", title=axes[0], format=".3f"),
        alt.Tooltip("y:Q", title=axes[1], format=".3f"),
    ]
