"""Charts: a table in, a figure out. Nothing is computed here but what tables hold side by side."""

from collections.abc import Sequence

import pandas as pd

from headstart.charts.accuracy import accuracy_figure
from headstart.charts.figure import Figure
from headstart.charts.layers import unchecked
from headstart.charts.looks import arm_looks
from headstart.charts.map import map_figure
from headstart.charts.matrix import matrix_figure
from headstart.charts.pretraining import pretraining_figure
from headstart.charts.save import save_figure
from headstart.charts.utility import utility_figure
from headstart.utility import Interpolation

__all__ = ["Figure", "draw_figures", "save_figure"]


def draw_figures(
    summary: pd.DataFrame,
    utility: pd.DataFrame,
    history: pd.DataFrame,
    maps: pd.DataFrame | None = None,
    *,
    varied: Sequence[str] = (),
    confidence: float = 0.95,
    interpolation: Interpolation = "log",
) -> tuple[Figure, ...]:
    """Every figure that the tables of a study, or of a suite that varies the keys ``varied``, have something for.

    >>> tables = Study.load("runs/quickstart").tables  # doctest: +SKIP
    >>> draw_figures(tables.summary, tables.utility, tables.history)[0].name  # doctest: +SKIP
    'accuracy'
    """
    looks = arm_looks(summary, utility, history)
    with unchecked():
        figures = (
            matrix_figure(utility, summary, varied=varied, interpolation=interpolation),
            accuracy_figure(summary, looks, varied=varied, confidence=confidence),
            utility_figure(utility, summary, looks, varied=varied, confidence=confidence, interpolation=interpolation),
            map_figure(pd.DataFrame() if maps is None else maps, looks, varied=varied),
            pretraining_figure(history, looks, varied=varied),
        )
    return tuple(figure for figure in figures if figure.panels)
