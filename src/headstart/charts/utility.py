"""Utility against labels, one line per arm, with what cannot be measured shaded."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import altair as alt
import numpy as np
import pandas as pd

from headstart.charts.direct import Vertical, named_ends
from headstart.charts.figure import Figure, Layout
from headstart.charts.joins import between_budgets, panels_with, reference_rows, with_missing
from headstart.charts.layers import Spec, layered
from headstart.charts.looks import ArmScales, Looks, arm_scales
from headstart.charts.marks import crosses, dodged, mean_points, missing_tooltip, note_of_marks, with_whole
from headstart.charts.names import Baseline, find_baseline
from headstart.charts.panels import Panel, places_of, split_panels
from headstart.charts.text import metric_style, utility_ends, with_missing_texts, with_utility_texts, with_value_texts
from headstart.charts.theme import GRAY, labels_axis
from headstart.charts.unmeasurable import Unmeasurable
from headstart.utility import Interpolation

__all__ = ["utility_figure"]

TITLE = "extra labels saved, × labels used"
TICKS = (-1, -0.5, 0, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
BETWEEN = " Points between budgets: labels that would just reach the best score of the baseline; curves end there."
LEAST = -1.0
HEADROOM = 1.6  # above the highest end, as a ratio of labels
BEYOND = 1.35  # how far arrows reach past what is measurable, as a ratio of labels


def utility_figure(
    utility: pd.DataFrame,
    summary: pd.DataFrame,
    looks: Looks,
    *,
    varied: Sequence[str] = (),
    confidence: float = 0.95,
    interpolation: Interpolation = "log",
) -> Figure:
    """Utility with intervals from the utility table; the baseline's range of budgets from the summary table.

    Shaded are the utilities that the baseline's budgets cannot measure: n_max / n − 1 and up, n_min / n − 1 and down.
    Triangles are bounds, and bars that leave the measurable range end in arrows. The vertical axis is linear about 0
    and logarithmic far from it (above 0 it is log(1 + U), so that the upper bound is a straight line).
    """
    measured = summary[summary["value"].notna()]
    compared = with_whole(with_missing(utility, summary, varied))
    table = pd.concat([reference_rows(measured), compared])
    panels = panels_with("utility", split_panels(looks.named(table), varied)) if len(compared) else []
    legend = looks.of(compared["arm"].map(looks.titles))
    layout, baseline = Layout.of(panels), find_baseline(measured)
    budgets = compared["labels"] if len(compared) else measured["labels"]
    ends = utility_ends(interpolation, confidence)
    frame = _Frame(_vertical_domain(table), budgets, arm_scales(legend), layout, baseline, ends.one)
    drawn = tuple(_panel(panel, frame) for panel in panels)
    caption = (
        f"Bars are {ends.many}; arrows lead into the shaded regions, which the budgets of {baseline.name} cannot "
        f"measure. Triangles are bounds.{_between(compared)}{note_of_marks(compared)}"
    )
    return Figure("utility", "Utility against labels", caption, drawn, tuple(legend), layout, places_of(panels))


class _Frame(NamedTuple):
    """What the panels of a figure share."""

    vertical: tuple[float, float]
    budgets: pd.Series
    scales: ArmScales
    layout: Layout
    baseline: Baseline
    ends: str


def _between(rows: pd.DataFrame) -> str:
    """What a caption says of points that are no mean of runs."""
    return BETWEEN if between_budgets(rows).any() else ""


def _vertical_domain(table: pd.DataFrame) -> tuple[float, float]:
    """Room for every finite end, and for the unmeasurable regions to be seen."""
    ends = table[["utility", "utility_low", "utility_high"]].to_numpy(dtype=np.float64)
    finite = ends[np.isfinite(ends)]
    lowest, highest = float(finite.min(initial=-0.4)), float(finite.max(initial=1.0))
    return max(LEAST, lowest - 0.1), HEADROOM * (1 + highest) - 1


def _panel(panel: Panel, frame: _Frame) -> Spec:
    reference = panel.rows.loc[panel.rows["role"] == "baseline", "labels"]
    measurable = reference.min(), reference.max()
    rows = _drawn(panel.rows[panel.rows["role"] == "compared"], measurable, frame)
    zero = alt.Chart(pd.DataFrame({"zero": [0]})).mark_rule(color=GRAY, strokeWidth=1.5)
    arms, axis = rows["line"].nunique(), partial(_vertical, frame=frame)
    shaded = Unmeasurable(*measurable, frame.budgets, arms, frame.vertical, axis, frame.baseline.short)
    layers = [*shaded.layers(), zero.encode(y=_vertical("zero", frame)), *_curves(rows, frame)]
    layers += crosses(rows, frame.budgets, frame.scales.color)
    if not frame.layout.small:
        axes = labels_axis(frame.budgets, "position"), _vertical("utility", frame)
        height = Vertical(frame.vertical, frame.layout.height, symlog=True)
        layers += named_ends(rows, axes, frame.scales.color, height)
    return layered(*layers, title=frame.layout.title(panel.title), height=frame.layout.height)


def _drawn(rows: pd.DataFrame, measurable: tuple[float, float], frame: _Frame) -> pd.DataFrame:
    """Where marks go (arms side by side, open bars a little beyond what is measurable) and what their tooltips say."""
    open_low, open_high = rows["utility_low"] <= LEAST, np.isinf(rows["utility_high"])
    fewest, most = (bound / rows["labels"] for bound in measurable)
    return dodged(with_missing_texts(with_utility_texts(with_value_texts(rows))), frame.budgets).assign(
        open_low=open_low,
        open_high=open_high,
        bar_low=rows["utility_low"].mask(open_low, fewest / BEYOND - 1).clip(*frame.vertical),
        bar_high=rows["utility_high"].mask(open_high, most * BEYOND - 1).clip(*frame.vertical),
    )


def _vertical(field: str, frame: _Frame) -> alt.Y:
    ticks = [tick for tick in TICKS if frame.vertical[0] <= tick <= frame.vertical[1]]
    return alt.Y(
        f"{field}:Q",
        scale=alt.Scale(type="symlog", constant=1, domain=frame.vertical, nice=False),
        axis=alt.Axis(values=ticks, format="~r", title=TITLE),
    )


def _curves(rows: pd.DataFrame, frame: _Frame) -> list[alt.Chart]:
    """Line, bars, arrows, points and bounds of every arm."""
    base = alt.Chart(rows).encode(
        x=labels_axis(frame.budgets, "position"), color=alt.Color("line:N", scale=frame.scales.color)
    )
    points = base.encode(y=_vertical("utility", frame), tooltip=_tooltips(rows, frame))
    measured = points.transform_filter(alt.datum.censored == "none")

    def arrow(end: str, head: str) -> alt.Chart:
        heads = base.mark_point(shape=head, size=50, filled=True, opacity=1)
        return heads.encode(y=_vertical(f"bar_{end}", frame)).transform_filter(alt.datum[f"open_{end}"])

    def bounds(censored: str, shape: str) -> list[alt.Chart]:
        return mean_points(points.transform_filter(alt.datum.censored == censored), rows, size=110, shape=shape)

    return [
        measured.mark_line(strokeWidth=2),
        base.mark_rule(strokeWidth=1.5, opacity=0.7).encode(y=_vertical("bar_low", frame), y2=alt.Y2("bar_high:Q")),
        arrow("high", "triangle-up"),
        arrow("low", "triangle-down"),
        *mean_points(measured.encode(shape=alt.Shape("line:N", scale=frame.scales.shape)), rows),
        *bounds("above", "triangle-up"),
        *bounds("below", "triangle-down"),
    ]


def _tooltips(rows: pd.DataFrame, frame: _Frame) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("line:N", title="arm"),
        alt.Tooltip("labels:Q", title="labels", format=","),
        alt.Tooltip("value_text:N", title=metric_style(rows["metric"].iloc[0]).title),
        alt.Tooltip("equivalent_text:N", title=f"{frame.baseline.short} needs"),
        alt.Tooltip("equivalent_range:N", title=frame.ends),
        alt.Tooltip("utility_text:N", title="utility"),
        alt.Tooltip("utility_range:N", title=f"{frame.ends} "),
        *missing_tooltip(rows),
    ]
