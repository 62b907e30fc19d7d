"""Random choices that every category makes."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

__all__ = ["chance", "pick"]

T = TypeVar("T")


def chance(rng: np.random.Generator, probability: float) -> bool:
    return bool(rng.random() < probability)


def pick(rng: np.random.Generator, options: Sequence[T]) -> T:
    return options[int(rng.integers(len(options)))]
