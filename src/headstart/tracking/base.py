"""What a tracker is: where numbers go as they are measured, for whoever watches several studies in one place."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

__all__ = ["Scalar", "Tracker"]


class Scalar(NamedTuple):
    """One measured number.

    series: whose it is (``simclr, finetune, trial 2``). name: what it is (``classification/test/accuracy``). step:
    where on its curve: labels of what was learned from labels, steps of what is measured while pretraining.
    """

    series: str
    name: str
    value: float
    step: int


class Tracker(ABC):
    """Takes what a study measures. It begins anew with each run of the study: what was measured before comes again."""

    @abstractmethod
    def __init__(self, folder: Path, study: str, settings: Mapping[str, str]) -> None:
        """folder: the study's own, ``runs/NAME``. settings: the study's keys, dotted, in words.

        Raises ``ConfigError`` where what it writes with is not installed, or does not answer.
        """

    @abstractmethod
    def log(self, scalar: Scalar) -> None:
        """One number, which is finite."""

    @abstractmethod
    def close(self) -> None:
        """Write what is left; nothing comes after."""
