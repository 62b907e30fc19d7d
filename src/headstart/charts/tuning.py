"""How a search went: the best score so far of each arm, and how scores depend on each knob."""

from collections.abc import Iterator

import altair as alt
import pandas as pd

from headstart.charts.figure import Figure, Layout
from headstart.charts.layers import Spec, layered
from headstart.charts.looks import ArmScales, Looks, arm_scales
from headstart.charts.text import metric_style, percent

__all__ = ["effects_figure", "progress_figure"]


def progress_figure(progress: pd.DataFrame, looks: Looks, metric: str) -> Figure:
    """Steps: the best score so far over image-steps of fine-tuning, from the progress table; points: all trials.

    Scores in the units of ``metric``.
    """
    table = looks.named(progress)
    legend = looks.of(table["line"])
    scales = arm_scales(legend)
    base = alt.Chart(table).encode(
        x=alt.X("image_steps:Q", title="image-steps of fine-tuning", axis=alt.Axis(format="~s", grid=False)),
        color=alt.Color("line:N", scale=scales.color),
    )
    best = base.mark_line(strokeWidth=2, interpolate="step-after").encode(y=_scores("best", metric))
    tried = base.mark_point(filled=True, size=36).encode(
        y=_scores("score", metric),
        shape=alt.Shape("line:N", scale=scales.shape),
        opacity=_by_status(),
        tooltip=["line:N", "trial:Q", "status:N", alt.Tooltip("score:Q", format=".4f")],
    )
    chart = layered(best, tried, height=300)
    caption = "Mean score on validation images; lines are the best of those that were finished, faint points were not."
    return Figure("progress", "Best so far", caption, (chart,), tuple(legend))


def effects_figure(effects: pd.DataFrame, looks: Looks, metric: str) -> Figure:
    """A panel per arm and knob, from the effects table: scores over values, and the share of variance explained.

    Scores in the units of ``metric``.
    """
    table = looks.named(effects)
    legend = looks.of(table["line"])
    layout = Layout(3, 280, 200, 36)
    drawn = tuple(_panels(table, arm_scales(legend), layout, metric))
    caption = "Scores of trials; the share is of their variance, explained by the knob alone (fANOVA)."
    return Figure("knobs", "What each knob did", caption, drawn, tuple(legend), layout)


def _panels(table: pd.DataFrame, scales: ArmScales, layout: Layout, metric: str) -> Iterator[Spec]:
    for (line, knob), rows in table.groupby(["line", "knob"], sort=False):
        share = rows["share"].iloc[0]
        known = "" if pd.isna(share) else f", {percent(round(100 * share) / 100)} of variance"
        chart = alt.Chart(_with_numbers(rows)).mark_point(filled=True, size=36)
        points = chart.encode(
            x=_values(rows),
            y=_scores("score", metric),
            color=alt.Color("line:N", scale=scales.color),
            shape=alt.Shape("line:N", scale=scales.shape),
            opacity=_by_status(),
            tooltip=["value:N", "status:N", alt.Tooltip("score:Q", format=".4f")],
        )
        yield layered(points, title=layout.title(f"{line}: {knob}{known}"), height=layout.height)


def _with_numbers(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(number=pd.to_numeric(rows["value"], errors="coerce"))


def _values(rows: pd.DataFrame) -> alt.X:
    """Numbers on an axis, logarithmic as their space is; words side by side."""
    numbers = pd.to_numeric(rows["value"], errors="coerce")
    if numbers.isna().any():
        return alt.X("value:N", title=None)
    scale = alt.Scale(type="log" if rows["log"].all() else "linear", zero=False, nice=False, padding=8)
    return alt.X("number:Q", title=None, scale=scale, axis=alt.Axis(format="~g", grid=False, tickCount=4))


def _scores(field: str, metric: str) -> alt.Y:
    style = metric_style(metric)
    title = style.title.replace("test", "validation", 1)
    return alt.Y(f"{field}:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(format=style.axis_format))


def _by_status() -> alt.Opacity:
    shades = alt.Scale(domain=["finished", "stopped", "failed", "running"], range=[1.0, 0.35, 0.2, 0.2])
    return alt.Opacity("status:N", scale=shades, legend=None)
