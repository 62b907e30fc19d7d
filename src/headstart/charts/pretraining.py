"""How pretrained features developed: in how many directions they lie, and how far they spread."""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from headstart.charts.figure import Figure, Layout
from headstart.charts.joins import needed_keys
from headstart.charts.layers import Spec, layered
from headstart.charts.looks import ArmScales, Looks, arm_scales
from headstart.charts.names import varied_text
from headstart.charts.panels import Panel, differing, rank_by_appearance

__all__ = ["pretraining_figure"]

PANELS = {"effective_rank": "Effective rank of features", "feature_spread": "Spread of features"}
RUN = ["arm", "method", "seed", "step", "metric"]


def pretraining_figure(history: pd.DataFrame, looks: Looks, *, varied: Sequence[str] = ()) -> Figure:
    """Lines over steps from the history table: one per arm and seed, and panels for varied keys that change them."""
    keys = differing(history, needed_keys(history, varied, RUN))
    table = looks.named(history[[*keys, *RUN, "value"]].drop_duplicates())
    panels = [
        _panel_rows(table, metric, dict(zip(keys, values, strict=True)))
        for values in rank_by_appearance(table, keys)
        for metric in PANELS
    ]
    panels = [panel for panel in panels if len(panel.rows)]
    legend, layout = looks.of(table["line"]), Layout.of(panels)
    drawn = tuple(_chart(panel, arm_scales(legend), layout) for panel in panels)
    caption = "Features of training images during pretraining. A spread of 0, or a rank of 1, is a collapse."
    return Figure("pretraining", "Pretraining, watched", caption, drawn, tuple(legend), layout)


def _panel_rows(table: pd.DataFrame, metric: str, values: dict[str, str]) -> Panel:
    rows = table[table["metric"] == metric]
    for key, value in values.items():
        rows = rows[rows[key] == value]
    return Panel(", ".join([PANELS[metric], *([varied_text(values)] if values else [])]), values, rows)


def _chart(panel: Panel, scales: ArmScales, layout: Layout) -> Spec:
    base = alt.Chart(panel.rows).encode(
        x=alt.X("step:Q", title="steps", axis=alt.Axis(format="~s", grid=False, tickCount=6)),
        y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=True)),
        color=alt.Color("line:N", scale=scales.color),
    )
    points = base.mark_point(filled=True, size=30, opacity=1).encode(
        shape=alt.Shape("line:N", scale=scales.shape),
        tooltip=[
            alt.Tooltip("line:N", title="arm"),
            alt.Tooltip("seed:Q", title="seed"),
            alt.Tooltip("step:Q", title="step", format=","),
            alt.Tooltip("value:Q", title=PANELS[panel.rows["metric"].iloc[0]].lower(), format=".3g"),
        ],
    )
    line = base.mark_line(strokeWidth=2).encode(detail=alt.Detail("seed:N"))
    return layered(line, points, title=layout.title(panel.title), height=layout.height)
