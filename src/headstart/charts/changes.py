"""What pretraining on other data changes against pretraining on what is learned: a matrix of pairs of datasets."""

from functools import partial

import altair as alt
import pandas as pd

from headstart.charts.figure import LARGE, Figure, Layout
from headstart.charts.layers import Spec
from headstart.charts.shaded import Side, Words, shaded
from headstart.charts.text import bounded, difference_axis, difference_text, interval, metric_style, percent

__all__ = ["changes_figure"]

COLUMN = 62
"""Pixels of a column, which has room for ``runs missing``."""


def changes_figure(table: pd.DataFrame, title: str, confidence: float) -> Figure:
    """A row per pair of ``table``: ``pretrained, learned``, the mean ``score``, more being better, its ``change``
    against no shift with ``low`` and ``high``, NaN where runs are missing, and the one ``metric``. title: of the
    matrix."""
    caption = (
        "Rows: what was pretrained on. Columns: what was learned then. Change of the mean score against pretraining on "
        "what is learned, whose score stands on the diagonal. White: no difference; blue: better. Bold: zero lies "
        f"outside the cell's own {percent(confidence)} interval over trials."
    )
    layout = LARGE._replace(width=max(LARGE.width, COLUMN * table["learned"].nunique()))
    panels = (_draw(table, title, layout),) if table["change"].notna().any() else ()
    return Figure("changes", "What a shift changes", caption, panels, (), layout)


def _draw(table: pd.DataFrame, title: str, layout: Layout) -> Spec:
    order = list(dict.fromkeys(table["learned"]))
    words = Words(layout.title(title), difference_axis(table["metric"].iloc[0])[0])
    tooltip = [
        alt.Tooltip("pretrained:N", title="pretrained on"),
        alt.Tooltip("learned:N", title="fine-tuned on"),
        alt.Tooltip("reached:N", title=metric_style(table["metric"].iloc[0]).title),
        alt.Tooltip("changed:N", title="change"),
        alt.Tooltip("ends:N", title="interval"),
    ]
    across, down = Side("learned", "fine-tuned on", order), Side("pretrained", "pretrained on", order)
    return shaded(_worded(table), across, down, words, tooltip)


def _worded(table: pd.DataFrame) -> pd.DataFrame:
    """With what ``shaded`` reads of a cell, and what its tooltip says."""
    shifted, largest = table["pretrained"] != table["learned"], table["change"].abs().max()
    name = table["metric"].iloc[0]
    style, show = metric_style(name), partial(difference_text, name)
    reached = [bounded(score, "none", style.show, style.unit) for score in table["score"]]
    changed = [show(change) for change in table["change"]]
    return table.assign(
        reached=reached,
        changed=changed,
        ends=[interval(low, high, show) for low, high in zip(table["low"], table["high"], strict=True)],
        text=[change if other else score for change, score, other in zip(changed, reached, shifted, strict=True)],
        strength=(table["change"] / (largest or 1.0)).fillna(0.0),
        sure=shifted & ((table["low"] > 0) | (table["high"] < 0)),
        few=["runs missing" if missing else "" for missing in table["score"].isna()],
    )
