"""Utility as the original study's code computed it, for comparing with its published figures.

Linear in labels, no fit, no interval beyond the spread over seeds. Accuracies that scratch did not measure are not
bounded but given numbers: below scratch's first point −1, and trials above its best point also about −1, although they
are better than anything scratch reached. Prefer ``estimate_utility``.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from headstart.utility.scores import StudyScores
from headstart.utility.units import mean_interval
from headstart.utility.utility import CENSORED, UtilityEstimate

__all__ = [
    "ReferenceUtility",
    "interpolate_labels",
    "reference_estimate",
    "reference_labels_needed",
    "reference_utility",
]

Floats = NDArray[np.float64]
Scores = Mapping[int, Sequence[float]]
UNREACHED = -1.0


class ReferenceUtility(NamedTuple):
    """Points of the reference's curve: label counts, mean utility over trials, population standard deviation."""

    labels: list[float]
    utility: list[float]
    std: list[float]


def interpolate_labels(x0: float, x1: float, y0: float, y1: float, y: float) -> float:
    """The x at which the line through (x0, y0) and (x1, y1) has height ``y``.

    >>> interpolate_labels(100, 200, 0.5, 0.7, 0.6)
    150.0
    """
    return x0 + (x1 - x0) * (y - y0) / (y1 - y0)


def reference_labels_needed(scratch: Mapping[int, float], accuracy: float) -> float:
    """Labels that scratch, mean accuracy by label count, needs to exceed ``accuracy``.

    Interpolated below the smallest count whose accuracy is strictly greater; 0 if that is the first count; −1 if there
    is none.

    >>> round(reference_labels_needed({100: 0.5, 200: 0.7}, 0.6))
    150
    """
    counts = sorted(scratch)
    for previous, count in zip([None, *counts], counts, strict=False):
        if scratch[count] > accuracy:
            if previous is None:
                return 0.0
            return interpolate_labels(previous, count, scratch[previous], scratch[count], accuracy)
    return UNREACHED


def reference_utility(scratch: Scores, pretrained: Scores, budgets: Iterable[int] | None = None) -> ReferenceUtility:
    """The reference's utility curve from accuracies per trial by label count.

    budgets: counts to report, default all of ``pretrained``; those it lacks are skipped. The curve ends at the first
    count whose mean exceeds scratch's best mean: there it has one last point at the interpolated count that would just
    reach that best, with utility ``best count / count``, from which the reference subtracts no 1. Without scratch
    scores there are no points.

    >>> curve = reference_utility({100: [0.5], 200: [0.7]}, {100: [0.6]})
    >>> [round(utility, 3) for utility in curve.utility]
    [0.5]
    """
    curve = ReferenceUtility([], [], [])
    if not scratch:
        return curve
    means = {count: float(np.mean(values)) for count, values in scratch.items()}
    best_count = max(means, key=lambda count: means[count])
    before = (0.0, 0.0)
    for count in pretrained if budgets is None else budgets:
        if count not in pretrained:
            continue
        mean = float(np.mean(pretrained[count]))
        if mean > means[best_count]:
            reached = interpolate_labels(before[0], count, before[1], mean, means[best_count])
            _append(curve, reached, best_count / reached, 0.0)
            break
        needed = np.array([reference_labels_needed(means, value) for value in pretrained[count]])
        ratios = needed / count - 1
        _append(curve, float(count), float(ratios.mean()), float(ratios.std()))
        before = (float(count), mean)
    return curve


def reference_estimate(scores: StudyScores, curve: int, *, confidence: float = 0.95) -> UtilityEstimate:
    """The reference's curve of one compared ``curve``, in the shape of ``estimate_utility``'s.

    Ends of utility are one standard deviation away, as the original figures drew them, whatever ``confidence``, which
    speaks of ``value`` alone; NaN where a mean is of a single run. The last point of a curve that left the baseline's
    range lies between budgets, at the labels that would just reach its best mean, and has no ends. Nothing is censored:
    the reference knows no bounds.

    >>> import numpy as np
    >>> labels, baseline = np.array([100.0, 200.0]), np.array([[0.5, 0.5], [0.7, 0.7]])
    >>> arm = np.array([[[0.6, 0.6], [np.nan, np.nan]]])
    >>> reference_estimate(StudyScores(labels, baseline, arm, np.array([[-1, -1]])), 0).utility.round(3)
    array([0.5])
    """
    baseline, own = (_by_labels(scores.labels, values) for values in (scores.baseline, scores.compared[curve]))
    labels, utility, std = (np.array(values, dtype=np.float64) for values in reference_utility(baseline, own))
    intervals = mean_interval(scores.compared[curve], confidence, scores.pretraining[curve])
    place = np.minimum(np.searchsorted(scores.labels, labels), len(scores.labels) - 1)
    # A last point between budgets may lie just where the one before it does.
    measured = np.isin(labels, list(own)) & (np.diff(labels, prepend=0) > 0)
    several = np.array([len(own.get(int(count), ())) > 1 for count in labels], dtype=np.bool_)
    std = np.where(measured & several, std, np.nan)
    return UtilityEstimate(
        labels,
        np.where(measured, intervals.mean[place], max(map(np.mean, baseline.values()), default=np.nan)),
        np.where(measured, intervals.low[place], np.nan),
        np.where(measured, intervals.high[place], np.nan),
        labels * (1 + utility),
        labels * (1 + utility - std),
        labels * (1 + utility + std),
        np.full(len(labels), np.nan),
        np.full(len(labels), CENSORED[0]),
    )


def _by_labels(labels: Floats, values: Floats) -> dict[int, list[float]]:
    """What ``reference_utility`` takes: scores ``[K, R]`` of the runs that did not fail, by label count."""
    return {
        int(count): own[np.isfinite(own)].tolist()
        for count, own in zip(labels, values, strict=True)
        if np.isfinite(own).any()
    }


def _append(curve: ReferenceUtility, labels: float, utility: float, std: float) -> None:
    curve.labels.append(labels)
    curve.utility.append(utility)
    curve.std.append(std)
