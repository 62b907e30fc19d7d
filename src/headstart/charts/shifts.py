"""What each factor costs when it is added between pretraining and fine-tuning, or taken away."""

import altair as alt
import pandas as pd

from headstart.charts.figure import Figure
from headstart.charts.layers import Spec, layered
from headstart.charts.text import difference_text, metric_style, percent
from headstart.charts.theme import GRAY

__all__ = ["shifts_figure"]

COLORS = {"added": "#d55e00", "removed": "#0080c6"}
ROW = 56
"""Pixels of a factor."""


def shifts_figure(table: pd.DataFrame, confidence: float) -> Figure:
    """Marginal effects of ``table``: ``factor, shift`` (added, removed), ``effect, low, high, metric``. What was not
    told by any pair has no mark."""
    rows = table.dropna(subset=["effect"])
    rows = rows.assign(
        text=[difference_text(name, value) for name, value in zip(rows["metric"], rows["effect"], strict=True)],
    )
    caption = (
        "Change of the mean score against pretraining on what is learned, by factor that the second dataset has more "
        f"(added) or less (removed); bars are {percent(confidence)} intervals over trials."
    )
    panels = (_draw(rows, list(dict.fromkeys(table["factor"]))),) if len(rows) else ()
    return Figure("shifts", "What a shift of each factor costs", caption, panels)


def _draw(rows: pd.DataFrame, factors: list[str]) -> Spec:
    style = metric_style(rows["metric"].iloc[0])
    place = alt.Y("factor:N", sort=factors, title=None)
    base = alt.Chart(rows).encode(
        y=place,
        yOffset=alt.YOffset("shift:N", sort=list(COLORS)),
        color=alt.Color(
            "shift:N", scale=alt.Scale(domain=list(COLORS), range=list(COLORS.values())), legend=alt.Legend(title=None)
        ),
    )
    change = alt.X("effect:Q", title=f"change in {style.title}", axis=alt.Axis(format=style.axis_format))
    zero = alt.Chart(pd.DataFrame({"effect": [0.0]})).mark_rule(color=GRAY).encode(x=change)
    bars = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q"), x2="high")
    points = base.mark_point(filled=True, size=80, opacity=1).encode(
        x=change, tooltip=["factor:N", "shift:N", alt.Tooltip("text:N", title="change")]
    )
    return layered(zero, bars, points, height=ROW * len(factors))
