"""What pretraining on other data changes against pretraining on what is learned: a matrix of pairs of datasets."""

import altair as alt
import pandas as pd

from headstart.charts.figure import LARGE, Figure, Layout
from headstart.charts.layers import Spec
from headstart.charts.shaded import Side, Words, shaded
from headstart.charts.text import difference_axis, difference_text, metric_style, percent

__all__ = ["changes_figure"]

COLUMN = 62
"""Pixels of a column, which has room for ``runs missing``."""


def changes_figure(table: pd.DataFrame, title: str, confidence: float) -> Figure:
    """A row per pair of ``table``: ``pretrained, learned``, the mean ``score``, more being better, its ``change``
    against no shift with ``low`` and ``high``, NaN where runs are missing, and the ``metric``. title: of the matrix."""
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
    changes = table[["metric", "change", "low", "high"]].itertuples(index=False)
    reached = [_score(*pair) for pair in zip(table["metric"], table["score"], strict=True)]
    changed = [difference_text(*pair) for pair in zip(table["metric"], table["change"], strict=True)]
    return table.assign(
        reached=reached,
        changed=changed,
        ends=[f"{difference_text(name, low)} to {difference_text(name, high)}" for name, _, low, high in changes],
        text=[change if other else score for change, score, other in zip(changed, reached, shifted, strict=True)],
        strength=(table["change"] / (largest or 1.0)).fillna(0.0),
        sure=shifted & ((table["low"] > 0) | (table["high"] < 0)),
        few=["runs missing" if missing else "" for missing in table["score"].isna()],
    )


def _score(name: str, score: float) -> str:
    """``59.7 %``; an error, which is below zero where more is better, as what it is."""
    style = metric_style(name)
    return "–" if pd.isna(score) else f"{style.show(abs(score))}{style.unit}"
