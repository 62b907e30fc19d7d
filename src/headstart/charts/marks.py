"""Points of means: hollow where runs are missing, with a tooltip that says so."""

from typing import Any

import altair as alt
import pandas as pd

__all__ = ["HOLLOW", "mean_points", "missing_tooltip"]

HOLLOW = " Hollow points: runs are missing from the mean."


def mean_points(base: alt.Chart, rows: pd.DataFrame, **style: Any) -> list[alt.Chart]:
    """The points of a chart of ``rows``, which have ``missing``. What is hollow can be pointed at all the same."""
    style = {"size": 70, "opacity": 1} | style
    filled = base.mark_point(filled=True, **style)
    if not rows["missing"].any():
        return [filled]
    hollow = base.mark_point(filled=False, strokeWidth=2, **style)
    return [filled.transform_filter(alt.datum.missing == 0), hollow.transform_filter(alt.datum.missing > 0)]


def missing_tooltip(rows: pd.DataFrame) -> list[alt.Tooltip]:
    """A line for tooltips, where anything is missing from ``rows``, which have ``missing_text``."""
    return [alt.Tooltip("missing_text:N", title="missing")] if rows["missing"].any() else []
