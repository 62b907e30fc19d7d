"""Utility: how many more labels the baseline would need, in units of the labels that were used.

U(n) = n̂ / n − 1, where an arm with n labels reaches a score that the baseline, training from scratch, reaches with n̂
(Newell & Deng, "How Useful is Self-Supervised Pretraining for Visual Tasks?", CVPR 2020, section 3).

Its interval comes from differences, as that of a gain does: all numbers of labels of which the data allow that the
baseline, given them, would do as well as the arm (Fieller, "Some problems in interval estimation", 1954). So an
interval of utility lies above 0 only where the gain's does.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from headstart.utility.curves import LabelRange, labels_needed, monotone_fit
from headstart.utility.gains import GainEstimate
from headstart.utility.images import image_variance
from headstart.utility.scores import StudyScores
from headstart.utility.units import UnitMeans, curve_means, mean_interval
from headstart.utility.variance import VarianceModel

__all__ = ["CENSORED", "UtilityEstimate", "estimate_utility"]

CENSORED = ("none", "above", "below")
UNKNOWN = 1e9
"""Beyond any score: a budget that tells nothing stands in nobody's way."""
ROUNDING = 1e-12
"""Of a score: what less is apart is equal."""
Floats = NDArray[np.float64]
Same = tuple[slice, NDArray[np.bool_], NDArray[np.int64]]
"""Of ``[C, K, M]``, where a curve and the baseline have as many labels."""


@dataclass(frozen=True)
class UtilityEstimate:
    """What curves are worth in labels at each of their budgets, everything ``[..., K]``.

    value: mean score over trials, with Student's interval. equivalent_labels: n̂, the labels the baseline needs for it.
    utility: n̂ / n − 1, at least −1. censored: ``none``; ``above`` where the mean beats the baseline's best point, so
    that n̂ and utility are lower bounds (its largest budget); ``below`` where it misses its first point, so that they
    are upper bounds (its smallest budget). ``*_low`` and ``*_high`` are the interval's ends: an end beyond the largest
    budget is infinite, one under the smallest is 0 labels, utility −1. sure_labels: the lower end of equivalent labels
    by the band that ``GainEstimate.sure`` is of. NaN is what cannot be told: all of a budget where every run failed,
    all but ``value`` without a baseline, the ends where a mean rests on a single trial, and ``sure_labels`` where runs
    are missing.
    """

    labels: Floats
    value: Floats
    value_low: Floats
    value_high: Floats
    equivalent_labels: Floats
    equivalent_low: Floats
    equivalent_high: Floats
    sure_labels: Floats
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

    def curve(self, index: int) -> "UtilityEstimate":
        """One of several curves, everything ``[K]``."""
        names = [one.name for one in fields(self) if one.name != "labels"]
        return replace(self, **{name: getattr(self, name)[index] for name in names})

    def negated(self) -> "UtilityEstimate":
        """With values as the errors that they were before they were negated to be scores."""
        return replace(self, value=-self.value, value_low=-self.value_high, value_high=-self.value_low)


def estimate_utility(scores: StudyScores, gains: GainEstimate, *, confidence: float = 0.95) -> UtilityEstimate:
    """What every curve is worth at each budget, read off a monotone fit of the baseline; ends by ``gains``' critical
    values, which are of the same ``confidence``.

    >>> import numpy as np
    >>> from headstart.utility import estimate_gains
    >>> baseline, arm = np.array([[0.50, 0.52], [0.69, 0.71]]), np.array([[[0.60, 0.62], [0.75, 0.75]]])
    >>> scores = StudyScores(np.array([100.0, 10000.0]), baseline, arm, np.array([[-1, -1]]))
    >>> found = estimate_utility(scores, estimate_gains(scores, np.random.default_rng(1)))
    >>> found.equivalent_labels.round()
    array([[ 1129., 10000.]])
    >>> found.censored
    array([['none', 'above']], dtype='<U5')
    """
    curves = zip(scores.compared, scores.pretraining, strict=True)
    intervals = [mean_interval(own, confidence, seeds) for own, seeds in curves]
    value, low, high = (np.stack(ends) for ends in zip(*intervals, strict=True))
    return UtilityEstimate(scores.labels, value, low, high, *_equivalent(scores, value, gains))


def _equivalent(
    scores: StudyScores, value: Floats, gains: GainEstimate
) -> tuple[Floats, Floats, Floats, Floats, NDArray[np.str_]]:
    """Equivalent labels of ``value [C, K]``, their ends, the band's, and on which side they are bounds."""
    runs = np.isfinite(scores.baseline).sum(axis=-1).astype(np.float64)
    known = runs > 0
    if not known.any():
        nothing = np.full(value.shape, np.nan)
        return nothing, nothing, nothing, nothing, np.full(value.shape, CENSORED[0])
    means = np.nanmean(scores.baseline[known], axis=-1)
    fitted = monotone_fit(means, runs[known])
    point = labels_needed(scores.labels[known], np.broadcast_to(fitted, (len(value), len(fitted))), _on(fitted, value))
    unknown = np.isnan(value)
    above, below = np.isinf(point.high) & ~unknown, (point.low < point.high) & ~unknown
    low, high, sure = _ends(scores, known, fitted - means, gains)
    return (
        np.where(unknown, np.nan, np.where(above, point.low, point.high)),
        np.minimum(low, point.low),
        np.maximum(high, point.high),
        np.minimum(sure, point.low),
        np.select([above, below], CENSORED[1:], CENSORED[0]),
    )


def _on(curve: Floats, value: Floats) -> Floats:
    """``value [...]``, made equal to a point of ``curve [M]`` that it misses by a rounding error alone."""
    distance = np.abs(value[..., None] - curve)
    nearest = curve[np.argmin(np.nan_to_num(distance), axis=-1)]
    return np.where(np.abs(value - nearest) < ROUNDING * np.abs(curve).max(), nearest, value)


def _ends(
    scores: StudyScores, known: NDArray[np.bool_], raised: Floats, gains: GainEstimate
) -> tuple[Floats, Floats, Floats]:
    """Of equivalent labels, ``[C, K]``: where the difference from the baseline at some budget, moved by its critical
    value, is 0; both ends, and the lower one of the band.

    raised: how far the monotone fit lies above the means of the ``known`` budgets, ``[M]``.
    """
    budgets = scores.labels[known]
    same = slice(None), known, np.arange(len(budgets))
    middle, half = _differences(scores, known, raised, gains, same)
    # The interval's other end is a lower one of how much worse the curve is.
    sides = (middle - half, gains.low), (middle - gains.band * half, gains.sure), (-middle - half, -gains.high)
    least, surest, worst = (_agreeing(ends, told[:, known], same) for ends, told in sides)
    # Once below, below for all larger budgets: the first crossing for one end, the last for the other.
    lower = least, np.minimum(least, surest)
    least, surest = (np.minimum.accumulate(np.nan_to_num(one, nan=UNKNOWN), axis=-1) for one in lower)
    most = np.maximum.accumulate(np.nan_to_num(-worst, nan=-UNKNOWN)[..., ::-1], axis=-1)[..., ::-1]
    low, sure, high = (_crossings(budgets, curve) for curve in (least, surest, most))
    unknown = np.isnan(gains.low)
    return (
        np.where(unknown, np.nan, low.low[..., 0]),
        np.where(unknown, np.nan, high.high[..., 0]),
        np.where(unknown | gains.bounded, np.nan, sure.low[..., 0]),
    )


def _differences(
    scores: StudyScores, known: NDArray[np.bool_], raised: Floats, gains: GainEstimate, same: Same
) -> tuple[Floats, Floats]:
    """Of curves at each budget from the baseline's fit at each ``known`` one, and half of their intervals, both
    ``[C, K, M]``."""
    baseline = scores.baseline[known]
    contrasts = curve_means(scores.compared[:, :, None] - baseline, scores.pretraining)
    half = gains.critical[..., None] * np.sqrt(_variances(scores, known, contrasts))
    # With as many labels it is the gain, and has the gain's interval.
    half[same] = (gains.high - gains.gain)[:, known]
    rounding = ROUNDING * np.nanmax(np.abs(baseline))
    middle, half = (np.where(np.abs(one) < rounding, 0.0, one) for one in (contrasts.mean - raised, half))
    return middle, half


def _agreeing(ends: Floats, told: Floats, same: Same) -> Floats:
    """Lower ends of differences, ``[C, K, M]``: where both have the ``same`` labels, none above 0 whose gain's, ``told
    [C, M]``, is not. A fit that lowered the baseline's mean there would make a gain of what is none."""
    found = ends.copy()
    found[same] = np.where((ends[same] > 0) & (told <= 0), told, ends[same])
    return found


def _crossings(budgets: Floats, falling: Floats) -> LabelRange:
    """Where curves that fall, ``[C, K, M]``, are 0."""
    return labels_needed(budgets, -falling, np.zeros((*falling.shape[:2], 1)))


def _variances(scores: StudyScores, known: NDArray[np.bool_], contrasts: UnitMeans) -> Floats:
    """Of differences between curves at a budget and the baseline at another, ``[C, K, M]``, moderated together: a
    trend in both budgets, and in how far they are apart."""
    own, other = np.log(scores.labels)[:, None], np.log(scores.labels[known])
    apart = np.abs(own - other)
    model = VarianceModel.of_curves((own + other) / 2, contrasts, apart, (apart > 0).astype(np.float64))
    found = model.moderate(contrasts.variance.reshape(1, -1)).variance.reshape(contrasts.mean.shape)
    if scores.per_image is not None:
        base, others = scores.per_image
        found = found + np.stack([image_variance(base[known], curve[:, None]) for curve in others])
    return found
