"""Accuracy against labels as a curve that never falls, and its inverse: the labels that an accuracy takes.

A curve is its points: label budgets ``[K]``, ascending, and fitted accuracies ``[..., K]``, never falling. Leading
dimensions are bootstrap draws. Between budgets accuracy is linear in the logarithm of labels. "Accuracy" is any score
where higher is better: whoever has an error negates it first.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["LabelRange", "labels_needed", "monotone_fit"]

Floats = NDArray[np.float64]


class LabelRange(NamedTuple):
    """Bounds on a number of labels, equal where the curve measures it.

    Outside the curve only one side is known: ``low = n_max, high = inf`` above the last point (more labels than were
    tried) and ``low = 0, high = n_min`` below the first.
    """

    low: Floats
    high: Floats


def monotone_fit(accuracy: Floats, weights: Floats) -> Floats:
    """The never-falling curve nearest to ``accuracy [..., K]`` in least squares weighted by ``weights [K]`` (> 0).

    Isotonic regression by its max–min formula (Robertson, Wright & Dykstra, *Order Restricted Statistical Inference*,
    1988, theorem 1.4.4): point k is the largest, over starts i ≤ k, of the smallest mean of i..j, over ends j ≥ k. For
    the few points of a label curve that is one array expression over thousands of draws, where scikit-learn's
    ``isotonic_regression`` takes a call for each; a test holds the two equal.

    >>> import numpy as np
    >>> monotone_fit(np.array([0.5, 0.8, 0.7]), np.ones(3)).tolist()
    [0.5, 0.75, 0.75]
    """
    points = accuracy.shape[-1]
    sums = np.zeros((*accuracy.shape[:-1], points + 1))
    np.cumsum(accuracy * weights, axis=-1, out=sums[..., 1:])
    totals = np.concatenate([[0.0], np.cumsum(weights)])
    ordered = np.tri(points, dtype=bool).T  # [i, j]: i <= j
    span = np.where(ordered, totals[1:] - totals[:-1, None], 1.0)
    means = np.where(ordered, (sums[..., None, 1:] - sums[..., :-1, None]) / span, np.inf)
    # Exact, so that a score equal to a point of the curve is neither above nor below it by a rounding error.
    means[..., range(points), range(points)] = accuracy
    smallest = np.minimum.accumulate(means[..., ::-1], axis=-1)[..., ::-1]
    fitted: Floats = np.where(ordered, smallest, -np.inf).max(axis=-2)
    return fitted


def labels_needed(labels: Floats, curve: Floats, accuracy: Floats) -> LabelRange:
    """The fewest labels with which ``curve [..., K]`` over ``labels [K]`` reaches each of ``accuracy [..., M]``.

    On a plateau that is its first budget. Accuracies outside the curve give the bounds that ``LabelRange`` explains;
    those equal to its first or last point are measured.

    >>> import numpy as np
    >>> labels, curve = np.array([100.0, 10000.0]), np.array([0.5, 0.7])
    >>> labels_needed(labels, curve, np.array([0.6])).low.round()
    array([1000.])
    """
    last = len(labels) - 1
    reached = (curve[..., None, :] < accuracy[..., None]).sum(axis=-1)  # the first point that reaches the accuracy
    right = np.clip(reached, min(1, last), last)
    left = np.maximum(right - 1, 0)
    low_end, high_end = np.take_along_axis(curve, left, axis=-1), np.take_along_axis(curve, right, axis=-1)
    rise = high_end - low_end
    # Held within the segment before dividing: a rise may be so small that a quotient overflows.
    within = np.clip(accuracy - low_end, 0.0, rise)
    share = np.divide(within, rise, out=np.zeros_like(rise), where=rise > 0)
    inside = labels[left] * (labels[right] / labels[left]) ** share
    below, above = accuracy < curve[..., :1], reached > last
    return LabelRange(
        low=np.where(above, labels[-1], np.where(below, 0.0, inside)),
        high=np.where(above, np.inf, np.where(below, labels[0], inside)),
    )
