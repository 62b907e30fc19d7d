"""Colors, shapes, fonts and sizes that all charts share."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import altair as alt

__all__ = ["GRAY", "HEIGHT", "PANEL_WIDTH", "WORD", "ArmScales", "arm_scales", "labels_axis", "labels_domain", "styled"]

GRAY = "#7d7f85"
WORD = "#5c5e64"
HEIGHT, PANEL_WIDTH = 300, 440
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"

# Okabe and Ito's palette without its yellow, which white swallows: told apart by color-blind readers, and readable on
# white and on near-black. Arms beyond it repeat colors with another shape; what methods are read against is gray.
FIXED = {
    "scratch": GRAY,
    "rotation": "#0080c6",
    "cmc": "#d55e00",
    "vae": "#009e73",
    "amdim": "#cc79a7",
    "simclr": "#e69f00",
    "byol": "#56b4e9",
    "barlow_twins": "#8a6fc9",
    "vicreg": "#a6761d",
    "simmim": "#c23b4e",
    "random": GRAY,
    "blind": GRAY,
}
SPARE = ("#009e73", "#cc79a7", "#e69f00", "#56b4e9")
SHAPES = ("circle", "square", "diamond", "cross", "triangle-right", "triangle-left", "stroke")
DASHES = {"random": [6, 4], "blind": [2, 3]}
SOLID = [1, 0]
LEGEND_COLUMNS = 4
"""A longer row of names would be cut off at the side of a panel."""

CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None},
    "title": {"anchor": "start", "fontSize": 14, "fontWeight": 600, "offset": 10},
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "gridColor": GRAY,
        "gridOpacity": 0.2,
        "domainColor": GRAY,
        "tickColor": GRAY,
    },
    "axisY": {"titleAnchor": "end", "titleAngle": 0, "titleAlign": "left", "titleX": 0, "titleY": -10, "domain": False},
    "legend": {
        "labelFontSize": 12,
        "orient": "top",
        "offset": 26,
        "columns": LEGEND_COLUMNS,
        "title": None,
        "symbolStrokeWidth": 2,
        "symbolOpacity": 1,
    },
}


def styled(chart: alt.TopLevelMixin) -> alt.TopLevelMixin:
    """The chart with the common look, as a specification of its own."""
    return chart.configure(**CONFIG)


class ArmScales(NamedTuple):
    """Color, shape of points and dashes of lines by arm."""

    color: alt.Scale
    shape: alt.Scale
    dash: alt.Scale


def arm_scales(arms: Iterable[str], titles: Iterable[str]) -> ArmScales:
    """Scales over ``titles``: an arm looks the same in every chart, whoever stands beside it."""
    names, shown = list(arms), list(titles)
    others = [name for name in names if name not in FIXED]
    colors = FIXED | {name: SPARE[place % len(SPARE)] for place, name in enumerate(others)}
    order = [*FIXED, *others]
    shapes = [SHAPES[order.index(name) % len(SHAPES)] for name in names]
    ranges = [colors[name] for name in names], shapes, [DASHES.get(name, SOLID) for name in names]
    return ArmScales(*(alt.Scale(domain=shown, range=list(looks)) for looks in ranges))


def labels_domain(budgets: Iterable[float]) -> tuple[float, float]:
    """The ends of the labels axis: all budgets, with room for points at its ends."""
    first, last = min(budgets), max(budgets)
    margin = (last / first) ** 0.05 if last > first else 2.0
    return first / margin, last * margin


def labels_axis(budgets: Iterable[float], field: str = "labels") -> alt.X:
    """The logarithmic axis of label budgets, marked at the budgets."""
    marks = sorted({float(labels) for labels in budgets})
    return alt.X(
        f"{field}:Q",
        scale=alt.Scale(type="log", domain=labels_domain(marks), nice=False),
        axis=alt.Axis(values=marks, format="~s", title="labels", grid=False, labelOverlap="greedy"),
    )
