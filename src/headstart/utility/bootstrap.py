"""What few trials say about a mean, and about anything computed from several means at once.

A trial's label subset is the same for every arm, and its budgets are nested, so runs of one trial share luck. A draw
therefore weights whole trials, every arm and budget alike: the luck that two arms share cancels in their comparison.

A plain bootstrap of three trials has ten outcomes and covers the truth far too seldom: about three times in four where
19 in 20 were promised. Draws are therefore made such that every linear combination of the means gets exactly Student's
interval: deviations of the trials from their mean are multiplied by Gaussian weights (a multiplier bootstrap) and by
the draw's own √(ν/χ²_ν), ν = trials − 1, for not knowing their spread. ``benchmarks/utility_coverage.py`` simulates
studies and prints how often either kind of interval holds the truth.

The intervals speak of label draw, initialisation and training noise. A pretraining shared by all trials does not vary
between them, so with one pretraining seed they hold for that one pretrained network.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["MeanInterval", "joint_draws", "mean_interval"]

Floats = NDArray[np.float64]


class MeanInterval(NamedTuple):
    """A mean over trials and the ends of its interval, each ``[K]``."""

    mean: Floats
    low: Floats
    high: Floats


def mean_interval(values: Floats, confidence: float) -> MeanInterval:
    """Mean and Student's interval of ``values [R, K]`` over R trials.

    NaN marks a run that failed: it is left out. The ends are NaN where fewer than two trials are left.

    >>> import numpy as np
    >>> interval = mean_interval(np.array([[0.70], [0.72], [0.74]]), confidence=0.95)
    >>> np.concatenate(interval).round(3)
    array([0.72, 0.67, 0.77])
    """
    count, mean, deviation = _moments(values)
    freedom = np.where(count >= 2, count - 1, np.nan)
    spread = np.sqrt((deviation**2).sum(axis=0) / freedom)
    half = stats.t.ppf((1 + confidence) / 2, freedom) * spread / np.sqrt(np.where(count >= 2, count, np.nan))
    return MeanInterval(mean, mean - half, mean + half)


def joint_draws(values: Floats, draws: int, generator: np.random.Generator) -> Floats:
    """Draws ``[B, K]`` of the K means of ``values [R, K]``, the same trials weighted alike in every column.

    The spread of any linear combination of the columns is Student's with R − 1 degrees of freedom. NaN marks a run that
    failed; then the column with the fewest trials sets the degrees of freedom for all, which errs on the wide side. A
    column with fewer than two trials has no spread to go by: its draws are NaN.

    >>> import numpy as np
    >>> joint_draws(np.array([[0.70, 0.80], [0.72, 0.83]]), 1000, np.random.default_rng(1)).shape
    (1000, 2)
    """
    count, mean, deviation = _moments(values)
    enough = count >= 2
    if not enough.any():
        return np.full((draws, values.shape[1]), np.nan)
    freedom = float(count[enough].min() - 1)
    weights = generator.standard_normal((draws, len(values)))
    weights *= np.sqrt(freedom / generator.chisquare(freedom, (draws, 1)))
    # √(R(R − 1)) turns the sum of squared deviations into the variance of a mean. einsum rather than a matrix product:
    # BLAS may add in another order on another machine, and tables are compared to the last digit.
    scale = np.where(enough, 1 / np.sqrt(np.maximum(count * (count - 1), 1.0)), np.nan)
    means: Floats = mean + np.einsum("br,rk->bk", weights, deviation) * scale
    return means


def _moments(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Trials ``[K]``, mean ``[K]`` (NaN without trials), deviation ``[R, K]`` (0 where a run is missing)."""
    present = np.isfinite(values)
    count = present.sum(axis=0).astype(np.float64)
    total = np.where(present, values, 0.0).sum(axis=0)
    mean = np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
    return count, mean, np.where(present, values - mean, 0.0)
