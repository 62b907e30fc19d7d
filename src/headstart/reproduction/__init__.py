"""The figures of the original study and the findings of its main text: what they say, and whether a run agrees.

``FIGURES`` has each by name: its recipes, its claim, the charts that show it, and the rules that decide.
"""

from typing import TYPE_CHECKING

from headstart.lazy import lazily
from headstart.reproduction.figures import FIGURES, PaperFigure, find_figure

if TYPE_CHECKING:
    from headstart.reproduction.verb import Reproduction, reproduce

__all__ = ["FIGURES", "PaperFigure", "Reproduction", "find_figure", "reproduce"]

__getattr__ = lazily(
    __name__,
    {"Reproduction": "headstart.reproduction.verb", "reproduce": "headstart.reproduction.verb"},
)
