"""Colors, shapes, fonts and sizes that all charts share."""

from collections.abc import Iterable
from typing import Any

import altair as alt

__all__ = ["GRAY", "WORD", "labels_axis", "labels_domain", "styled"]

GRAY = "#7d7f85"
WORD = "#5c5e64"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif"

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
        "labelLimit": 0,
        "title": None,
        "symbolStrokeWidth": 0,  # a dashed outline would gnaw at the symbol
        "symbolOpacity": 1,
    },
}


def styled(chart: alt.TopLevelMixin, **legend: Any) -> alt.TopLevelMixin:
    """The chart with the common look, as a specification of its own. legend: what else is to be said of legends."""
    return chart.configure(**CONFIG | {"legend": CONFIG["legend"] | legend})


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
