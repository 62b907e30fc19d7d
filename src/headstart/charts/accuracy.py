"""How well each arm does against labels, one line per arm."""

from collections.abc import Sequence
from typing import NamedTuple

import altair as alt
import pandas as pd

from headstart.charts.figure import Figure, Layout
from headstart.charts.joins import with_gaps
from headstart.charts.looks import ArmScales, Looks, arm_scales
from headstart.charts.marks import HOLLOW, mean_points, missing_tooltip
from headstart.charts.panels import Panel, places_of, split_panels
from headstart.charts.text import metric_style, percent, with_missing_texts, with_value_texts
from headstart.charts.theme import labels_axis

__all__ = ["accuracy_figure"]


def accuracy_figure(
    summary: pd.DataFrame, looks: Looks, *, varied: Sequence[str] = (), confidence: float = 0.95
) -> Figure:
    """Means over trials with their intervals, from the summary table; panels of one metric share the vertical axis."""
    table = with_missing_texts(with_value_texts(with_gaps(summary, "value", varied)))
    panels = split_panels(looks.named(table), varied)
    legend = looks.of(line for panel in panels for line in panel.rows["line"])
    frame = _Frame(table, arm_scales(legend), Layout.of(panels), confidence)
    caption = f"Mean over trials on the test split; bands are {percent(confidence)} intervals."
    text = caption + (HOLLOW if table["missing"].any() else "")
    title = "Accuracy" if set(table["metric"]) <= {"accuracy"} else "Scores"
    drawn = tuple(_panel(panel, frame) for panel in panels)
    return Figure("accuracy", f"{title} against labels", text, drawn, tuple(legend), frame.layout, places_of(panels))


class _Frame(NamedTuple):
    """What the panels of a figure share."""

    table: pd.DataFrame
    scales: ArmScales
    layout: Layout
    confidence: float


def _panel(panel: Panel, frame: _Frame) -> alt.LayerChart:
    rows, scales = panel.rows, frame.scales
    metric = metric_style(rows["metric"].iloc[0])
    same = frame.table[frame.table["metric"] == rows["metric"].iloc[0]]
    ends = same[["value", "value_low", "value_high"]].clip(*metric.limits)
    domain = [float(ends.min(axis=None)), float(ends.max(axis=None))]
    base = alt.Chart(rows).encode(x=labels_axis(same["labels"]), color=alt.Color("line:N", scale=scales.color))
    vertical = alt.Y("value:Q", scale=alt.Scale(domain=domain, nice=True, zero=False), title=metric.title)
    band = base.mark_area(opacity=0.14, clip=True).encode(y=alt.Y("value_low:Q", title=metric.title), y2="value_high:Q")
    line = base.mark_line(strokeWidth=2).encode(
        y=vertical.axis(format=metric.axis_format, tickCount=6),
        strokeDash=alt.StrokeDash("line:N", scale=scales.dash),
    )
    points = base.encode(
        y=vertical,
        shape=alt.Shape("line:N", scale=scales.shape),
        tooltip=[
            alt.Tooltip("line:N", title="arm"),
            alt.Tooltip("labels:Q", title="labels", format=","),
            alt.Tooltip("value_text:N", title=metric.title),
            alt.Tooltip("value_range:N", title=f"{percent(frame.confidence)} interval"),
            alt.Tooltip("trials:Q", title="trials"),
            *missing_tooltip(rows),
        ],
    )
    chart = alt.layer(band, line, *mean_points(points, rows))
    return chart.properties(title=frame.layout.title(panel.title), height=frame.layout.height)
