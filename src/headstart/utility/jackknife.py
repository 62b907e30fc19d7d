"""An interval for any number that is read off scores of several trials: the jackknife over trials.

Leaving out one trial at a time tells how much each of them moved the number (Tukey, 1958; Efron & Tibshirani, "An
introduction to the bootstrap", 1993, chapter 11). Of a mean it is Student's interval; of what is smooth in the means,
as a utility is, nearly so. With few trials it is honest where the bootstrap, which never sees more spread than there
was, is not.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["Estimate", "jackknife"]

Floats = NDArray[np.float64]


class Estimate(NamedTuple):
    """A number and the ends of its interval; NaN is what cannot be told."""

    value: float
    low: float
    high: float


def jackknife(statistic: Callable[[Floats], float], scores: Floats, *, confidence: float = 0.95) -> Estimate:
    """``statistic`` of ``scores [..., R]``, and its interval over R trials, NaN for a single one.

    statistic: takes scores of any number of trials, drawn independently of each other. What else they have in common,
    a pretrained network, is no part of the interval.

    >>> import numpy as np
    >>> found = jackknife(lambda scores: scores.mean(), np.array([0.48, 0.52, 0.50]))
    >>> [round(number, 2) for number in found]
    [0.5, 0.45, 0.55]
    """
    trials, value = scores.shape[-1], float(statistic(scores))
    if trials < 2:
        return Estimate(value, np.nan, np.nan)
    without = np.array([statistic(np.delete(scores, trial, axis=-1)) for trial in range(trials)])
    parts = trials * value - (trials - 1) * without
    half = float(stats.t.ppf((1 + confidence) / 2, trials - 1) * parts.std(ddof=1) / np.sqrt(trials))
    return Estimate(value, value - half, value + half)
