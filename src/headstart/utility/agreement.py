"""Whether a probe ranks arms as fine-tuning does: rank correlation at equal labels, with an interval.

Both scores rise with labels, so that a correlation over all arms and budgets would mostly say that. It is taken at each
budget over arms (Spearman, 1904) and averaged over budgets; the interval is the bootstrap's over trials, which arms and
protocols share.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

__all__ = ["Agreement", "rank_agreement"]

Floats = NDArray[np.float64]
FEWEST_ARMS = FEWEST_TRIALS = 2
DRAWS = 400


class Agreement(NamedTuple):
    """correlation: mean over budgets, in −1..1, with its interval; NaN where fewer than two arms have both scores, or
    all are equal. Of a single trial the ends are NaN."""

    correlation: float
    low: float
    high: float
    arms: int
    budgets: int


def rank_agreement(
    finetuned: Floats, probed: Floats, rng: np.random.Generator, *, confidence: float = 0.95
) -> Agreement:
    """How alike ``finetuned`` and ``probed``, both ``[A, K, R]`` scores of arms, budgets and trials, rank the arms.

    A budget counts at which every arm has both.

    >>> import numpy as np
    >>> scores = np.array([0.5, 0.6, 0.7])[:, None, None] + np.zeros((3, 2, 4))
    >>> rank_agreement(scores, scores - 0.2, np.random.default_rng(1)).correlation
    1.0
    """
    arms = len(finetuned)
    known = np.isfinite(finetuned).all(axis=(0, 2)) & np.isfinite(probed).all(axis=(0, 2))
    if arms < FEWEST_ARMS or not known.any():
        return Agreement(np.nan, np.nan, np.nan, arms, int(known.sum()))
    finetuned, probed = finetuned[:, known], probed[:, known]
    trials = finetuned.shape[-1]
    rows = rng.integers(trials, size=(DRAWS, trials))
    draws = _correlations(finetuned[..., rows], probed[..., rows])
    told = draws[np.isfinite(draws)]
    if not len(told):
        return Agreement(np.nan, np.nan, np.nan, arms, int(known.sum()))
    ends = np.quantile(told, [(1 - confidence) / 2, (1 + confidence) / 2])
    # One trial drawn again and again is always the same.
    low, high = ends if trials >= FEWEST_TRIALS else (np.nan, np.nan)
    measured = float(_correlations(finetuned, probed))
    return Agreement(measured, float(low), float(high), arms, int(known.sum()))


def _correlations(finetuned: Floats, probed: Floats) -> Floats:
    """Of ``[A, K, …, R]`` scores ``[…]``: of means over trials, at each budget over arms, averaged; NaN where at every
    budget all arms are equal."""
    ranks = [rankdata(scores.mean(axis=-1), axis=0) for scores in (finetuned, probed)]
    first, second = (each - each.mean(axis=0) for each in ranks)
    spread = np.sqrt((first**2).sum(axis=0) * (second**2).sum(axis=0))
    told = spread > 0
    each = np.divide((first * second).sum(axis=0), spread, out=np.zeros_like(spread), where=told)
    counts = told.sum(axis=0)
    return np.asarray(np.where(counts > 0, each.sum(axis=0) / np.maximum(counts, 1), np.nan))
