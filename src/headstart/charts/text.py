"""How numbers from the tables read, the same in charts, tables and sentences."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import altair as alt
import pandas as pd

if TYPE_CHECKING:
    from headstart.utility import Interpolation

__all__ = [
    "Ends",
    "Metric",
    "bounded",
    "difference_axis",
    "difference_text",
    "interval",
    "labels_text",
    "metric_style",
    "percent",
    "signed_labels",
    "utility_ends",
    "utility_text",
    "with_missing_texts",
    "with_utility_texts",
    "with_value_texts",
]

BOUND = {"none": "", "above": "≥ ", "below": "≤ "}
PERCENT = "\u00a0%"  # kept on the number's line
Show = Callable[[float], str]


class Metric(NamedTuple):
    """A metric's title, its axis format (d3), how one value reads, in which unit, and the values it can take."""

    title: str
    axis_format: str
    show: Show
    unit: str = ""
    limits: tuple[float, float] = (-math.inf, math.inf)


class Ends(NamedTuple):
    """How the two ends of a utility are called. one: of a point. many: of several. own: what a point lies beyond."""

    one: str
    many: str
    own: str


def _share(title: str) -> Metric:
    """A fraction of images or pixels, shown in per cent."""
    return Metric(f"test {title}", ".0%", lambda value: f"{100 * value:.1f}", PERCENT, (0.0, 1.0))


METRICS = {
    "accuracy": _share("accuracy"),
    "pixel_accuracy": _share("pixel accuracy"),
    "miou": _share("mIoU"),
    "delta_125": _share("depth within 1.25"),
    "delta_110": _share("depth within 1.1"),
    "rmse": Metric("test RMSE, lower is better", ".2f", lambda value: f"{value:.3f}", "", (0.0, math.inf)),
}


def metric_style(name: str) -> Metric:
    """How a metric is shown; one that is not known as a plain number under its name."""
    return METRICS.get(name, Metric(f"test {name}", "~g", lambda value: f"{value:.4g}"))


def labels_text(labels: float) -> str:
    """A number of labels to two digits: a third is never known. ``1,700``."""
    return _minus(f"{_two_digits(labels):,.0f}")


def signed_labels(labels: float) -> str:
    """Extra labels, as ``+410`` or ``−30``."""
    rounded = _two_digits(labels)
    return "0" if rounded == 0 else _minus(f"{rounded:+,.0f}")


def utility_text(utility: float) -> str:
    """A utility to two digits after the point below 10, else to two digits. ``0.42``, ``12``."""
    return _minus(f"{utility:.2f}" if abs(utility) < 10 else f"{_two_digits(utility):,.0f}")


def difference_text(name: str, difference: float) -> str:
    """How much a metric changed, with its sign: ``+3.1``, of accuracy in points."""
    if math.isnan(difference):
        return "–"
    shown = metric_style(name).show(abs(difference))
    return shown if float(shown) == 0 else f"{'−' if difference < 0 else '+'}{shown}"


def difference_axis(name: str) -> tuple[str, alt.Axis]:
    """The title of an axis of differences in a metric, and its labels: of shares in points."""
    metric = metric_style(name)
    title = metric.title.removeprefix("test ").partition(",")[0]
    if not metric.unit:
        return f"change in {title}", alt.Axis(format="+~g", tickCount=5)
    return f"change in {title}, points", alt.Axis(
        labelExpr="datum.value == 0 ? '0' : format(100 * datum.value, '+~g')", tickCount=5
    )


def percent(share: float) -> str:
    """A share as ``95 %``."""
    return f"{100 * share:g}{PERCENT}"


def utility_ends(interpolation: "Interpolation", confidence: float | None = None) -> Ends:
    """``95 % interval``; by the original study's rule ``± one standard deviation``, which holds no promise."""
    if interpolation == "reference":
        return Ends("± one standard deviation", "± one standard deviation", "one standard deviation")
    one = "interval" if confidence is None else f"{percent(confidence)} interval"
    return Ends(one, f"{one}s", "its interval")


def bounded(value: float, censored: str, show: Show, unit: str = "") -> str:
    """A value, or what is known of it: ``0.42``, ``≥ 3.10``, ``≤ 0.20``, or a dash where nothing is."""
    return "–" if math.isnan(value) else f"{BOUND[censored]}{show(value)}{unit}"


def interval(low: float, high: float, show: Show, lowest: float = -math.inf, unit: str = "") -> str:
    """Two ends in words. An end at infinity or at ``lowest``, the least there is, lies beyond what was measured."""
    if math.isnan(low) or math.isnan(high):
        return "no interval"
    open_low, open_high = low <= lowest, math.isinf(high)
    if open_low and open_high:
        return "anything"
    if open_high:
        return f"≥ {show(low)}{unit}"
    if open_low:
        return f"≤ {show(high)}{unit}"
    between = "–" if low >= 0 else " to "
    return f"{show(low)}{between}{show(high)}{unit}"


def with_value_texts(table: pd.DataFrame) -> pd.DataFrame:
    """The table with ``value_text`` and ``value_range``, its metric and interval as they read."""
    metrics = [metric_style(name) for name in table["metric"]]
    ends = zip(metrics, table["value_low"], table["value_high"], strict=True)
    points = zip(metrics, table["value"], strict=True)
    return table.assign(
        value_text=[bounded(value, "none", metric.show, metric.unit) for metric, value in points],
        value_range=[interval(low, high, metric.show, unit=metric.unit) for metric, low, high in ends],
    )


def with_utility_texts(table: pd.DataFrame) -> pd.DataFrame:
    """The table with ``equivalent_text``, ``equivalent_range``, ``utility_text`` and ``utility_range`` beside."""
    texts = {}
    for stem, column, show, lowest in (
        ("equivalent", "equivalent_labels", labels_text, 0.0),
        ("utility", "utility", utility_text, -1.0),
    ):
        points = zip(table[column], table["censored"], strict=True)
        ends = zip(table[f"{stem}_low"], table[f"{stem}_high"], strict=True)
        texts[f"{stem}_text"] = [bounded(value, censored, show) for value, censored in points]
        texts[f"{stem}_range"] = [interval(low, high, show, lowest) for low, high in ends]
    return table.assign(**texts)


def with_missing_texts(table: pd.DataFrame) -> pd.DataFrame:
    """The table with ``missing_text``: how many runs a mean lacks, and what it would be had they guessed; or nothing.

    ``2 of 4 missing; 31.0 % if they had guessed``
    """
    columns = (table[name] for name in ("metric", "trials", "missing", "value_if_blind"))
    return table.assign(missing_text=[_missing_text(*row) for row in zip(*columns, strict=True)])


def _missing_text(name: str, trials: int, missing: int, if_blind: float) -> str:
    if missing == 0:
        return ""
    counts, metric = f"{missing} of {trials + missing} missing", metric_style(name)
    who = "it" if missing == 1 else "they"
    return counts if math.isnan(if_blind) else f"{counts}; {metric.show(if_blind)}{metric.unit} if {who} had guessed"


def _two_digits(value: float) -> float:
    """Rounded to two significant digits, but never finer than one."""
    if abs(value) < 10:
        return round(value)
    step = 10 ** (math.floor(math.log10(abs(value))) - 1)
    return float(round(value / step) * step)


def _minus(text: str) -> str:
    return text.replace("-", "−")
