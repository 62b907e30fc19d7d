"""Colors, shapes, fonts and sizes that all charts share."""

import math
from collections.abc import Iterable
from typing import Any, Literal

import altair as alt

__all__ = ["GRAY", "PAPER", "Scheme", "config", "labels_axis", "labels_domain", "nice_domain", "tint"]

Scheme = Literal["light", "dark"]
GRAY = "#7d7f85"
PAPER: dict[Scheme, str] = {"light": "#ffffff", "dark": "#15171a"}
"""What is behind charts that stand alone."""
INK: dict[Scheme, str] = {"light": "#1c1e21", "dark": "#e7e8ea"}
WORD: dict[Scheme, str] = {"light": "#5c5e64", "dark": "#a3a6ad"}
"""Of names of axes and values, and of words among the marks."""
PICTURE_FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif"
"""All of one width, so that words have the room that was measured for them wherever a picture is opened."""
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


def config(scheme: Scheme = "light", picture: bool = False, **legend: Any) -> dict[str, Any]:
    """The common look, as the ``config`` of a specification. picture: whether it is drawn for good, not in the reader's
    browser; then it has one label, and not one per mark. legend: what else is to be said of legends."""
    ink, word = INK[scheme], WORD[scheme]
    colors = {
        "title": {"color": ink, "subtitleColor": ink},
        "axis": {"labelColor": ink, "titleColor": ink},
        "legend": {"labelColor": ink, **legend},
        "text": {"color": word},
    }
    still = {"font": PICTURE_FONT, "aria": False} if picture else {}
    return CONFIG | still | {part: CONFIG.get(part, {}) | colors[part] for part in colors}


def nice_domain(low: float, high: float, ticks: int = 6) -> tuple[float, float]:
    """The ends of an axis of numbers: the range, out to whole steps of 1, 2 or 5 times a power of ten.

    >>> nice_domain(0.31, 0.788)
    (0.3, 0.8)
    """
    if not high > low:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    rough = (high - low) / ticks
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    digits = max(0, 2 - math.floor(math.log10(step)))
    return round(math.floor(low / step) * step, digits), round(math.ceil(high / step) * step, digits)


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
        axis=alt.Axis(values=marks, format="~s", title="labels", grid=False, labelOverlap="greedy", labelFontSize=11),
    )


def tint(color: str, part: float) -> str:
    """So much of a color ``#rrggbb``, the rest white.

    >>> tint("#000000", 0.2)
    '#cccccc'
    """
    channels = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{round(part * channel + (1 - part) * 255):02x}" for channel in channels)
