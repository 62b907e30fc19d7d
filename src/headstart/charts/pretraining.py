"""How pretrained features developed: in how many directions they lie, and how far they spread."""

import altair as alt
import pandas as pd

from headstart.charts.figure import Figure
from headstart.charts.text import method_title
from headstart.charts.theme import HEIGHT, arm_scales

__all__ = ["pretraining_figure"]

PANELS = {"effective_rank": "Effective rank of features", "feature_spread": "Spread of features"}


def pretraining_figure(history: pd.DataFrame) -> Figure:
    """Lines over steps from the history table: one per method and seed."""
    table = history.assign(arm=history["method"].map(method_title))
    panels = tuple(
        _panel(table[table["metric"] == metric], title)
        for metric, title in PANELS.items()
        if metric in set(table["metric"])
    )
    caption = "Features of training images during pretraining. A spread of 0, or a rank of 1, is a collapse."
    return Figure("pretraining", "Pretraining, watched", caption, panels)


def _panel(rows: pd.DataFrame, title: str) -> alt.LayerChart:
    arms = rows[["method", "arm"]].drop_duplicates()
    scales = arm_scales(arms["method"], arms["arm"])
    base = alt.Chart(rows).encode(
        x=alt.X("step:Q", title="steps", axis=alt.Axis(format="~s", grid=False, tickCount=6)),
        y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=True)),
        color=alt.Color("arm:N", scale=scales.color),
    )
    points = base.mark_point(filled=True, size=30, opacity=1).encode(
        tooltip=[
            alt.Tooltip("arm:N", title="method"),
            alt.Tooltip("seed:Q", title="seed"),
            alt.Tooltip("step:Q", title="step", format=","),
            alt.Tooltip("value:Q", title=title.lower(), format=".3g"),
        ]
    )
    line = base.mark_line(strokeWidth=2).encode(detail="seed:N")
    return alt.layer(line, points).properties(title=title, height=HEIGHT)
