"""What each factor changes when it is added between pretraining and fine-tuning, or taken away."""

import altair as alt
import pandas as pd

from headstart.charts.figure import Figure
from headstart.charts.layers import Spec, layered
from headstart.charts.looks import Looks, arm_scales
from headstart.charts.marks import mean_points
from headstart.charts.text import difference_axis, difference_text, percent
from headstart.charts.theme import GRAY

__all__ = ["shifts_figure"]

ROW = 34
"""Pixels of a factor that is added, or of one that is removed."""


def shifts_figure(table: pd.DataFrame, looks: Looks, confidence: float) -> Figure:
    """Marginal effects of ``table``: ``arm, factor, shift`` (added, removed), ``effect, low, high, metric``, and how
    many pairs are ``left_out``. What was not told by any pair has no mark, and its row says so."""
    known = table["effect"].notna()
    rows = looks.named(table).assign(
        row=[f"{factor} {shift}" for factor, shift in zip(table["factor"], table["shift"], strict=True)],
        text=[
            difference_text(name, value) if there else "not told by any pair"
            for name, value, there in zip(table["metric"], table["effect"], known, strict=True)
        ],
        whole=table["low"].notna() & (table["left_out"] == 0),
    )
    caption = (
        "Change of the mean score against pretraining on what is learned, by factor that the second dataset has more "
        f"(added) or less (removed); bars are {percent(confidence)} intervals over trials.{_note(rows[known])}"
    )
    panels = (_draw(rows, looks),) if known.any() else ()
    return Figure("shifts", "What a shift of each factor changes", caption, panels, tuple(looks.of(rows["line"])))


def _first_seen(factors: pd.Series) -> pd.Series:
    """Places of factors in the order in which they come first: what is added beside what is removed."""
    return pd.Series(pd.factorize(factors)[0], index=factors.index)


def _note(rows: pd.DataFrame) -> str:
    left = int(rows["left_out"].max()) if len(rows) else 0
    if left:
        return f" Hollow: pairs of datasets that lack runs are left out, {left} of them."
    return "" if rows["whole"].all() else " Hollow: a single run has no interval."


def _draw(rows: pd.DataFrame, looks: Looks) -> Spec:
    order = list(rows.sort_values("factor", key=_first_seen, kind="stable")["row"])
    title, axis = difference_axis(rows["metric"].iloc[0])
    scales = arm_scales(looks.of(rows["line"]))
    place, there = alt.Y("row:N", sort=order, title=None), rows["effect"].notna()
    told = alt.Chart(rows[there].assign(end=rows["high"].fillna(rows["effect"]))).encode(y=place)
    known = told.encode(color=alt.Color("line:N", scale=scales.color))
    change = alt.X("effect:Q", title=title, axis=axis)
    zero = alt.Chart(pd.DataFrame({"effect": [0.0]})).mark_rule(color=GRAY).encode(x=change)
    bars = known.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q"), x2=alt.X2("high:Q"))
    points = known.encode(
        x=change,
        shape=alt.Shape("line:N", scale=scales.shape),
        tooltip=["row:N", alt.Tooltip("text:N", title="change")],
    )
    word = {"align": "left", "fontSize": 11}
    words = told.mark_text(dx=10, **word).encode(x=alt.X("end:Q"), text=alt.Text("text:N"))
    untold = alt.Chart(rows[~there]).mark_text(dx=8, **word).encode(x=alt.XValue(0), y=place, text=alt.Text("text:N"))
    marks = [zero, bars, *mean_points(points, rows[there]), words, *([] if there.all() else [untold])]
    return layered(*marks, height=ROW * len(order))
