"""Utility: how many more labels training from scratch would need, in units of the labels that were used.

U(n) = n̂ / n − 1, where pretraining and fine-tuning with n labels reaches an accuracy that scratch reaches with n̂
(Newell & Deng, "How Useful is Self-Supervised Pretraining for Visual Tasks?", CVPR 2020, section 3).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.utility.bootstrap import joint_draws, mean_interval
from headstart.utility.curves import LabelRange, labels_needed, monotone_fit

__all__ = ["CENSORED", "TrialScores", "UtilityEstimate", "estimate_utility"]

CENSORED = ("none", "above", "below")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TrialScores:
    """One arm's test scores. labels: budgets ``[K]``, ascending. values: ``[R, K]``, NaN where a run failed.

    Row r is the same trial, that is the same label subsets, in every arm.
    """

    labels: Floats
    values: Floats

    def __post_init__(self) -> None:
        assert self.values.ndim == 2, f"values must be [R, K], not {self.values.shape}"
        assert self.values.shape[1] == len(self.labels), f"{self.values.shape} values for {len(self.labels)} budgets"
        assert (np.diff(self.labels) > 0).all(), f"budgets must ascend: {self.labels}"
        assert (self.labels > 0).all(), f"budgets must be positive: {self.labels}"


@dataclass(frozen=True)
class UtilityEstimate:
    """An arm's value in labels at each of its budgets, everything ``[K]``.

    value: mean score over trials. equivalent_labels: n̂, the labels scratch needs for it. utility: n̂ / n − 1, at least
    −1. censored: ``none``; ``above`` where the mean beats scratch's best point, so that n̂ and utility are lower bounds
    (scratch's largest budget); ``below`` where it misses scratch's first point, so that they are upper bounds
    (scratch's smallest budget). ``*_low`` and ``*_high`` are the interval's ends: an end beyond the largest budget is
    infinite, one under the smallest is 0 labels, utility −1. NaN is what cannot be known: all of a budget where every
    run failed, all but ``value`` without a scratch curve, the ends where a mean rests on fewer than two trials.
    """

    labels: Floats
    value: Floats
    value_low: Floats
    value_high: Floats
    equivalent_labels: Floats
    equivalent_low: Floats
    equivalent_high: Floats
    censored: NDArray[np.str_]

    @property
    def utility(self) -> Floats:
        return self.equivalent_labels / self.labels - 1

    @property
    def utility_low(self) -> Floats:
        return self.equivalent_low / self.labels - 1

    @property
    def utility_high(self) -> Floats:
        return self.equivalent_high / self.labels - 1


def estimate_utility(
    scratch: TrialScores,
    arm: TrialScores,
    generator: np.random.Generator,
    *,
    higher_is_better: bool = True,
    confidence: float = 0.95,
    draws: int = 2000,
) -> UtilityEstimate:
    """What ``arm`` is worth at each of its budgets, read off a monotone fit of ``scratch``.

    Intervals are percentiles over joint draws of both arms' means (see ``bootstrap``), scratch refitted in each; they
    always include the estimate itself.

    >>> import numpy as np
    >>> scratch = TrialScores(np.array([100.0, 10000.0]), np.array([[0.50, 0.71], [0.50, 0.69]]))
    >>> arm = TrialScores(np.array([100.0]), np.array([[0.61], [0.59]]))
    >>> estimate_utility(scratch, arm, np.random.default_rng(1)).utility.round(3)  # worth 1000 labels
    array([9.])
    """
    assert len(scratch.values) == len(arm.values), "both arms have the same trials, in the same order"
    sign = 1.0 if higher_is_better else -1.0
    trials = np.isfinite(scratch.values).sum(axis=0).astype(np.float64)
    known = trials > 0
    budgets, weights = scratch.labels[known], trials[known]
    scores = sign * np.concatenate([scratch.values[:, known], arm.values], axis=1)
    point = _needed(budgets, mean_interval(scores, confidence).mean, weights)
    drawn = _needed(budgets, joint_draws(scores, draws, generator), weights)
    above, below = np.isinf(point.high), point.low < point.high
    return UtilityEstimate(
        arm.labels,
        *mean_interval(arm.values, confidence),
        np.where(above, point.low, point.high),
        *_ends(drawn, point, confidence),
        np.select([above, below], CENSORED[1:], CENSORED[0]),
    )


def _needed(budgets: Floats, means: Floats, weights: Floats) -> LabelRange:
    """Scratch labels for the arm's means, from ``means [..., K + M]``: scratch's K points, then the arm's M."""
    points = len(budgets)
    values = means[..., points:]
    if points == 0:
        return LabelRange(np.full_like(values, np.nan), np.full_like(values, np.nan))
    curve = monotone_fit(means[..., :points], weights)
    needed = labels_needed(budgets, curve, values)
    unknown = np.isnan(values) | np.isnan(curve).any(axis=-1, keepdims=True)
    return LabelRange(np.where(unknown, np.nan, needed.low), np.where(unknown, np.nan, needed.high))


def _ends(drawn: LabelRange, point: LabelRange, confidence: float) -> tuple[Floats, Floats]:
    """Percentiles of ``drawn [B, M]``, widened to hold the estimate where they don't.

    A draw outside the curve is a range, not a number: its lower bound serves the lower end, its upper bound the upper.
    """
    tail = (1 - confidence) / 2
    # Order statistics, not interpolated ones: between a number and infinity there is nothing to interpolate.
    low = np.quantile(drawn.low, tail, axis=0, method="lower")
    high = np.quantile(drawn.high, 1 - tail, axis=0, method="higher")
    return np.minimum(low, point.low), np.maximum(high, point.high)
