"""Charts: a table in, a figure out. Nothing is computed here that a table does not hold."""

import pandas as pd

from headstart.charts.accuracy import accuracy_figure
from headstart.charts.figure import Figure
from headstart.charts.save import save_figure
from headstart.charts.utility import utility_figure

__all__ = ["Figure", "accuracy_figure", "draw_figures", "save_figure", "utility_figure"]


def draw_figures(summary: pd.DataFrame, utility: pd.DataFrame, *, confidence: float = 0.95) -> tuple[Figure, ...]:
    """Every figure that the tables of a study have something for."""
    figures = (
        accuracy_figure(summary, confidence=confidence),
        utility_figure(utility, summary, confidence=confidence),
    )
    return tuple(figure for figure in figures if figure.panels)
