"""How far from a mean its truth may be, found by putting simulated studies through the same estimate.

Simulated studies have no gain, the fitted variances, as unlike as the data make likely, and errors correlated as the
study's are: between budgets of a curve, between curves at a budget, and between both. Whatever the estimate does with
them (few trials, few pretrained networks, pooling, runs that are missing) happens to the real study as well, so a
quantile of theirs is a critical value for it: of each point's |t| for its own interval, and of the largest t of all for
the band whose lower end holds everywhere at once (sup-t: Montiel Olea & Plagborg-Møller, "Simultaneous confidence
bands", 2019; one-sided, for only gains are claimed).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from headstart.utility.scores import StudyScores
from headstart.utility.units import UnitMeans
from headstart.utility.variance import ALIKE, Moderated, VarianceModel

__all__ = ["Correlation", "Critical", "critical_values", "measure_correlation"]

Floats = NDArray[np.float64]
TOWARDS, TRUST = 0.8, 0.7
"""Correlations of few trials come out too low, and too low is too sure of a pooled variance: 0.7 of the measured one,
and the rest of 0.8."""
NETWORKS_TOWARDS, NETWORKS_TRUST = 0.95, 0.0
"""Between budgets, where pretrained networks are the units: they are few, and the luck of one is in all its budgets."""
LARGEST = 0.98
BATCH = 500
"""Simulated studies at once: they fit into a processor's cache."""


class Correlation(NamedTuple):
    """Of errors. budgets: of one curve at two budgets. curves: of two curves at one budget. both: where both differ."""

    budgets: float
    curves: float
    both: float


class _Pairs(NamedTuple):
    """How many other points a point has on average: at other budgets of its curve, of other curves at its budget, and
    where both differ."""

    budgets: float
    curves: float
    both: float

    @classmethod
    def of(cls, known: NDArray[np.bool_]) -> "_Pairs":
        """known: which of ``[C, K]`` are there; no curve need have the budgets that the baseline has alone."""
        points = known.sum()
        along, across = (float((known.sum(axis=axis) ** 2).sum() / points - 1) for axis in (1, 0))
        return cls(along, across, float(points - 1 - along - across))


class Critical(NamedTuple):
    """In standard errors. point: ``[C, K]``, for one interval each. band: times ``point``, for all lower ends."""

    point: Floats
    band: float


def measure_correlation(means: UnitMeans, variance: Floats, networks: bool) -> Correlation:
    """From what units add to the errors of means ``[C, K]`` whose fitted variances are ``[C, K]``.

    networks: whether units of some curves are pretrained networks.
    """
    known = (means.freedom > 0) & (variance > 0)
    scale = np.sqrt(np.where(known, variance, 1.0))
    parts = np.where(known[..., None], means.parts / scale[..., None], 0.0)
    own = (parts**2).sum()
    if own == 0:
        return Correlation(0.0, 0.0, 0.0)
    pairs = _Pairs.of(known)
    same_curve = (parts.sum(axis=1) ** 2).sum() - own
    same_budget = (parts.sum(axis=0) ** 2).sum() - own
    neither = (parts.sum(axis=(0, 1)) ** 2).sum() - own - same_curve - same_budget
    between_budgets = same_curve / own / pairs.budgets if pairs.budgets else 0.0
    between_curves = same_budget / own / pairs.curves if pairs.curves else 0.0
    between_both = neither / own / pairs.both if pairs.both else 0.0
    trust, towards = (NETWORKS_TRUST, NETWORKS_TOWARDS) if networks else (TRUST, TOWARDS)
    return _possible(
        trust * between_budgets + (1 - trust) * towards if pairs.budgets else 0.0,
        TRUST * between_curves + (1 - TRUST) * TOWARDS if pairs.curves else 0.0,
        between_both,
    )


def _possible(budgets: float, curves: float, both: float) -> Correlation:
    """The nearest that effects of unit, unit and budget, unit and curve can have."""
    both = float(np.clip(both, 0.0, LARGEST))
    budgets, curves = (float(np.clip(one, both, LARGEST)) for one in (budgets, curves))
    over = budgets + curves - both
    if over > LARGEST:
        part = (LARGEST - both) / (over - both)
        budgets, curves = both + (budgets - both) * part, both + (curves - both) * part
    return Correlation(budgets, curves, both)


def critical_values(
    means: UnitMeans,
    model: VarianceModel,
    found: Moderated,
    fixed: Floats,
    scores: StudyScores,
    levels: tuple[float, float],
    draws: int,
    generator: np.random.Generator,
) -> Critical:
    """For means ``[C, K]`` with variances as ``found`` by ``model`` and, beside them, known ones, ``fixed [C, K]``.

    levels: confidence of an interval, and of the lower band, which is never nearer than the intervals. NaN where there
    is no variance.
    """
    known = means.freedom > 0
    if not known.any():
        return Critical(np.full(known.shape, np.nan), np.nan)
    fit = np.where(found.fit > 0, found.fit, 1.0).reshape(known.shape)
    correlation = measure_correlation(means, fit, scores.clustered)
    drawn = [
        _studies(means, model, found.alike[0], fit, fixed, _Errors(correlation, scores.families), size, generator)
        for size in [BATCH] * (draws // BATCH) + [draws % BATCH] * (draws % BATCH > 0)
    ]
    t = np.concatenate(drawn)
    point = np.quantile(np.abs(t), levels[0], axis=0)
    largest = (t / np.where(known, point, np.inf)).max(axis=(1, 2))
    band = max(1.0, float(np.quantile(largest, levels[1])))
    return Critical(np.where(known, point, np.nan), band)


def _studies(
    means: UnitMeans,
    model: VarianceModel,
    alike: Floats,
    fit: Floats,
    fixed: Floats,
    draw: "_Errors",
    number: int,
    generator: np.random.Generator,
) -> Floats:
    """t of every point of simulated studies without a gain, ``[number, C, K]``."""
    shares = means.shares
    freedom = generator.choice(ALIKE, (number, 1, 1), p=alike)
    truth = fit * freedom / generator.chisquare(np.broadcast_to(freedom, (number, *fit.shape)))
    squares = (shares**2).sum(axis=-1)
    errors = draw(shares.shape, number, generator)
    errors *= np.sqrt(truth / np.where(squares > 0, squares, 1.0))[..., None]
    mean = np.einsum("bcku,cku->bck", errors, shares)
    units = means.freedom + 1
    spread = np.where(means.freedom > 0, units / np.maximum(means.freedom, 1.0), 0.0)
    variance = spread * np.einsum("bcku,cku->bck", (errors - mean[..., None]) ** 2, shares**2)
    moderated = model.moderate(variance.reshape(number, -1)).variance.reshape(variance.shape)
    if (fixed > 0).any():
        mean += np.sqrt(fixed) * draw((*fit.shape, 1), number, generator)[..., 0]
    t: Floats = mean / np.sqrt(moderated + fixed)
    return t


class _Errors(NamedTuple):
    """Gaussian errors of variance 1. families ``[C]``: curves of one network share what a curve's budgets share."""

    correlation: Correlation
    families: NDArray[np.int64]

    def __call__(self, shape: tuple[int, ...], number: int, generator: np.random.Generator) -> Floats:
        """``[number, C, K, U]``: units are independent, points correlated."""
        curves, budgets, units = shape
        over_budgets, over_curves, both = self.correlation
        found = np.zeros((number, curves, budgets, units))
        for variance, over in (
            (1 - over_budgets - over_curves + both, (curves, budgets)),
            (both, (1, 1)),
            (over_curves - both, (1, budgets)),
            (over_budgets - both, (self.families.max() + 1, 1)),
        ):
            if variance > 0:
                drawn = np.sqrt(variance) * generator.standard_normal((number, *over, units))
                found += drawn[:, self.families] if over[0] > 1 and over[1] == 1 else drawn
        return found
