"""How well each arm does against labels, one line per arm."""

from collections.abc import Sequence
from typing import NamedTuple

import altair as alt
import pandas as pd

from headstart.charts.direct import Vertical, named_ends
from headstart.charts.figure import Figure, Layout
from headstart.charts.joins import panels_with
from headstart.charts.layers import Spec, layered
from headstart.charts.looks import ArmScales, Looks, arm_scales
from headstart.charts.marks import crosses, lonely, mean_points, missing_tooltip, note_of_marks, with_whole
from headstart.charts.panels import Panel, places_of, split_panels
from headstart.charts.text import Metric, metric_style, percent, with_missing_texts, with_value_texts
from headstart.charts.theme import labels_axis, nice_domain

__all__ = ["accuracy_figure"]


def accuracy_figure(
    summary: pd.DataFrame, looks: Looks, *, varied: Sequence[str] = (), confidence: float = 0.95
) -> Figure:
    """Means over trials with their intervals, from the summary table; panels of one metric share the vertical axis."""
    table = with_whole(with_missing_texts(with_value_texts(summary)))
    panels = panels_with("value", split_panels(looks.named(table), varied))
    legend = looks.of(line for panel in panels for line in panel.rows["line"])
    frame = _Frame(table, arm_scales(legend), Layout.of(panels), confidence)
    caption = f"Mean over trials on the test split; bands are {percent(confidence)} intervals."
    title = "Accuracy" if set(table["metric"]) <= {"accuracy"} else "Scores"
    drawn = tuple(_panel(panel, frame) for panel in panels)
    text = caption + (note_of_marks(pd.concat([panel.rows for panel in panels])) if panels else "")
    return Figure("accuracy", f"{title} against labels", text, drawn, tuple(legend), frame.layout, places_of(panels))


class _Frame(NamedTuple):
    """What the panels of a figure share."""

    table: pd.DataFrame
    scales: ArmScales
    layout: Layout
    confidence: float


def _panel(panel: Panel, frame: _Frame) -> Spec:
    scales, height = frame.scales, frame.layout.height
    same = frame.table[frame.table["metric"] == panel.rows["metric"].iloc[0]]
    metric = metric_style(panel.rows["metric"].iloc[0])
    rows = _within(panel.rows, metric)
    ends = same[["value", "value_low", "value_high"]].clip(*metric.limits)
    domain = nice_domain(float(ends.min(axis=None)), float(ends.max(axis=None)))
    x = labels_axis(same["labels"])
    y = alt.Y("value:Q", scale=alt.Scale(domain=domain, nice=False, zero=False), title=metric.title)
    base = alt.Chart(rows).encode(x=x, color=alt.Color("line:N", scale=scales.color))
    points = base.encode(y=y, shape=alt.Shape("line:N", scale=scales.shape), tooltip=_tooltips(rows, frame))
    line = base.mark_line(strokeWidth=2).encode(
        y=y.axis(format=metric.axis_format, tickCount=6),
        strokeDash=alt.StrokeDash("line:N", scale=scales.dash),
    )
    layers = [*_intervals(base, rows, metric), line, *mean_points(points, rows)]
    layers += crosses(rows, same["labels"], scales.color)
    if not frame.layout.small:
        layers += named_ends(rows, (x, y), scales.color, Vertical(domain, height))
    return layered(*layers, title=frame.layout.title(panel.title), height=height)


def _within(rows: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """The rows with ``band_low`` and ``band_high``, an interval as far as a metric goes: no share is above 1."""
    return rows.assign(**{f"band_{end}": rows[f"value_{end}"].clip(*metric.limits) for end in ("low", "high")})


def _intervals(base: alt.Chart, rows: pd.DataFrame, metric: Metric) -> list[alt.Chart]:
    """A band along each line, and a bar where a band would show nothing."""
    ends = {"y": alt.Y("band_low:Q", title=metric.title), "y2": alt.Y2("band_high:Q")}
    band = base.mark_area(opacity=0.14).encode(**ends)
    alone = lonely(rows)
    if alone.empty:
        return [band]
    bars = base.mark_rule(strokeWidth=1.5, opacity=0.7).encode(**ends).properties(data=alone)
    return [band, bars]


def _tooltips(rows: pd.DataFrame, frame: _Frame) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("line:N", title="arm"),
        alt.Tooltip("labels:Q", title="labels", format=","),
        alt.Tooltip("value_text:N", title=metric_style(rows["metric"].iloc[0]).title),
        alt.Tooltip("value_range:N", title=f"{percent(frame.confidence)} interval"),
        alt.Tooltip("trials:Q", title="trials"),
        *missing_tooltip(rows),
    ]
