"""Charts: a table in, a figure out. Nothing is computed here that a table does not hold."""

import pandas as pd

from headstart.charts.accuracy import accuracy_figure
from headstart.charts.figure import Figure
from headstart.charts.pretraining import pretraining_figure
from headstart.charts.save import save_figure
from headstart.charts.utility import utility_figure

__all__ = ["Figure", "accuracy_figure", "draw_figures", "pretraining_figure", "save_figure", "utility_figure"]


def draw_figures(
    summary: pd.DataFrame, utility: pd.DataFrame, history: pd.DataFrame, *, confidence: float = 0.95
) -> tuple[Figure, ...]:
    """Every figure that the tables of a study have something for."""
    figures = (
        accuracy_figure(summary, confidence=confidence),
        utility_figure(utility, summary, confidence=confidence),
        pretraining_figure(history),
    )
    return tuple(figure for figure in figures if figure.panels)
