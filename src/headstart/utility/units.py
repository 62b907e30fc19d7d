"""Means over trials whose errors come in units: a unit is what was drawn independently.

Trials that began with the same pretrained network share its luck, so where several networks were dealt to more trials
the networks are the units, and a mean's error is that of a mean over clusters (Liang & Zeger, "Longitudinal data
analysis using generalized linear models", Biometrika 1986). With one network, or none, the trials are the units, and
the mean speaks of that network.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["MeanInterval", "UnitMeans", "curve_means", "mean_interval", "trial_units", "unit_means"]

Floats = NDArray[np.float64]


class UnitMeans(NamedTuple):
    """Means ``[...]`` over trials. variance: of the mean, ``[...]``. freedom: units less one, ``[...]``.

    shares: what part of the mean each unit is, ``[..., U]``. parts: what each unit adds to the mean's error,
    ``[..., U]``, adding to 0. A mean over nothing is NaN, and so is the variance of one over a single unit.
    """

    mean: Floats
    variance: Floats
    freedom: Floats
    shares: Floats
    parts: Floats


class MeanInterval(NamedTuple):
    """A mean over trials and the ends of its interval, each ``[K]``."""

    mean: Floats
    low: Floats
    high: Floats


def trial_units(pretraining: NDArray[np.int64]) -> NDArray[np.int64]:
    """The unit of each trial, ``[R]`` from 0: its pretraining, where there are at least two, else itself."""
    seeds, units = np.unique(pretraining, return_inverse=True)
    return units.astype(np.int64) if len(seeds) > 1 else np.arange(len(pretraining))


def unit_means(values: Floats, units: NDArray[np.int64]) -> UnitMeans:
    """Means of ``values [..., R]`` over trials that fall into ``units [R]``; NaN is a run that is not there.

    Every run counts alike. With a unit per trial the variance is the usual s²/R.
    """
    member = (units == np.arange(len(units))[:, None]).astype(np.float64)
    present = np.isfinite(values)
    counts = np.einsum("...r,ur->...u", present.astype(np.float64), member)
    total = counts.sum(axis=-1, keepdims=True)
    shares = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    sums = np.einsum("...r,ur->...u", np.where(present, values, 0.0), member)
    parts = np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)
    mean = np.where(total[..., 0] > 0, parts.sum(axis=-1), np.nan)
    parts = parts - shares * np.nan_to_num(mean)[..., None]
    number = (counts > 0).sum(axis=-1).astype(np.float64)
    spread = number / np.where(number > 1, number - 1, np.nan)
    return UnitMeans(mean, spread * (parts**2).sum(axis=-1), np.maximum(number - 1, 0.0), shares, parts)


def curve_means(values: Floats, pretraining: NDArray[np.int64]) -> UnitMeans:
    """Means of curves ``[C, ..., R]``, each by the units that its own ``pretraining [C, R]`` makes."""
    curves = [unit_means(own, trial_units(seeds)) for own, seeds in zip(values, pretraining, strict=True)]
    return UnitMeans(*(np.stack(parts) for parts in zip(*curves, strict=True)))


def mean_interval(values: Floats, confidence: float, pretraining: NDArray[np.int64]) -> MeanInterval:
    """Mean and Student's interval of ``values [K, R]`` over R trials that began with ``pretraining [R]`` (−1: none).

    NaN marks a run that failed: it is left out. The ends are NaN where fewer than two units are left.

    >>> import numpy as np
    >>> mean, low, high = mean_interval(np.array([[0.48, 0.52, np.nan, 0.50]]), 0.95, np.full(4, -1))
    >>> mean.round(3), low.round(3), high.round(3)
    (array([0.5]), array([0.45]), array([0.55]))
    """
    found = unit_means(values, trial_units(pretraining))
    freedom = np.where(found.freedom > 0, found.freedom, np.nan)
    half = stats.t.ppf((1 + confidence) / 2, freedom) * np.sqrt(found.variance)
    return MeanInterval(found.mean, found.mean - half, found.mean + half)
