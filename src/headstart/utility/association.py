"""Whether one score of a method foretells another: correlation over methods and datasets at equal labels.

Pearson's is of the numbers, Spearman's of their ranks. Both are taken at each budget, for scores rise with labels in
any case, and averaged over budgets; intervals are the bootstrap's over what was compared, a method on a dataset, which
are the units that a reader would draw anew.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from headstart.utility.jackknife import Estimate

__all__ = ["FEWEST_UNITS", "Association", "associate"]

Floats = NDArray[np.float64]
FEWEST_UNITS = 5
"""With fewer, drawing them anew mostly draws the same ones twice."""
DRAWS = 2000


class Association(NamedTuple):
    """Each a mean over budgets in −1..1 with its interval, whose ends are NaN where there are too few units."""

    spearman: Estimate
    pearson: Estimate


def associate(first: Floats, second: Floats, rng: np.random.Generator, *, confidence: float = 0.95) -> Association:
    """How ``first`` goes with ``second``, both ``[K, M]``: M methods on datasets at K budgets, without NaN.

    >>> import numpy as np
    >>> gains = np.arange(12.0).reshape(2, 6) ** 2
    >>> associate(gains, gains + 1, np.random.default_rng(0)).spearman.value
    1.0
    """
    units = first.shape[1]
    rows = rng.integers(units, size=(DRAWS, units))
    found = []
    for change in (_ranks, np.asarray):
        value = float(_correlation(change(first), change(second)))
        draws = _correlation(change(first[:, rows]), change(second[:, rows]))
        told = draws[np.isfinite(draws)]
        if units < FEWEST_UNITS or not len(told):
            found.append(Estimate(value, np.nan, np.nan))
            continue
        low, high = np.quantile(told, [(1 - confidence) / 2, (1 + confidence) / 2])
        found.append(Estimate(value, float(low), float(high)))
    return Association(*found)


def _ranks(scores: Floats) -> Floats:
    ranks: Floats = rankdata(scores, axis=-1)
    return ranks


def _correlation(first: Floats, second: Floats) -> Floats:
    """Of ``[K, ..., M]`` over M, averaged over K: ``[...]``; NaN where any budget has equal scores alone."""
    one, other = (each - each.mean(axis=-1, keepdims=True) for each in (first, second))
    spread = np.sqrt((one**2).sum(axis=-1) * (other**2).sum(axis=-1))
    together = (one * other).sum(axis=-1)
    found: Floats = np.divide(together, spread, out=np.full_like(spread, np.nan), where=spread > 0).mean(axis=0)
    return found
