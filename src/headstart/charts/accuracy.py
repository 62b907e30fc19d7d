"""How well each arm does against labels, one line per arm."""

import altair as alt
import pandas as pd

from headstart.charts.figure import Figure
from headstart.charts.panels import Panel, split_panels
from headstart.charts.text import metric_style, percent, with_value_texts
from headstart.charts.theme import HEIGHT, arm_scales, labels_axis

__all__ = ["accuracy_figure"]


def accuracy_figure(summary: pd.DataFrame, *, confidence: float = 0.95) -> Figure:
    """Means over trials with their intervals, from the summary table; panels of one metric share the vertical axis."""
    table = summary[summary["value"].notna()]
    panels = tuple(_panel(panel, table, confidence) for panel in split_panels(table))
    caption = f"Mean over trials on the test split; bands are {percent(confidence)} intervals."
    title = "Accuracy" if set(table["metric"]) <= {"accuracy"} else "Scores"
    return Figure("accuracy", f"{title} against labels", caption, panels)


def _panel(panel: Panel, table: pd.DataFrame, confidence: float) -> alt.LayerChart:
    metric = metric_style(panel.rows["metric"].iloc[0])
    same = table[table["metric"] == panel.rows["metric"].iloc[0]]
    rows = with_value_texts(panel.rows)
    arms = rows[["method", "arm"]].drop_duplicates()
    scales = arm_scales(arms["method"], arms["arm"])
    ends = same[["value", "value_low", "value_high"]].clip(*metric.limits)
    domain = [float(ends.min(axis=None)), float(ends.max(axis=None))]
    base = alt.Chart(rows).encode(x=labels_axis(same["labels"]), color=alt.Color("arm:N", scale=scales.color))
    vertical = alt.Y("value:Q", scale=alt.Scale(domain=domain, nice=True, zero=False), title=metric.title)
    band = base.mark_area(opacity=0.14, clip=True).encode(y=alt.Y("value_low:Q", title=metric.title), y2="value_high:Q")
    line = base.mark_line(strokeWidth=2).encode(
        y=vertical.axis(format=metric.axis_format, tickCount=6),
        strokeDash=alt.StrokeDash("arm:N", scale=scales.dash),
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        y=vertical,
        shape=alt.Shape("arm:N", scale=scales.shape),
        tooltip=[
            alt.Tooltip("arm:N", title="arm"),
            alt.Tooltip("labels:Q", title="labels", format=","),
            alt.Tooltip("value_text:N", title=metric.title),
            alt.Tooltip("value_range:N", title=f"{percent(confidence)} interval"),
            alt.Tooltip("trials:Q", title="trials"),
        ],
    )
    return alt.layer(band, line, points).properties(title=panel.title, height=HEIGHT)
