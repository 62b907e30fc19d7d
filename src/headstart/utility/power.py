"""How many trials it takes to see a gain of labels, planned from the baseline's runs alone.

**What is to be seen.** An arm whose start is worth a share g of labels more scores with n labels what the baseline
scores with n(1 + g). By the baseline's curve that is a gain in score of ``slope · ln(1 + g)``, where the slope is that
of the mean score against the logarithm of labels: over both neighbours of a budget, and over one at the ends, after
``monotone_fit``, for more labels are no worse.

**By what.** A gain is tested as the mean of differences, trial by trial, by Student's t with R − 1 degrees of freedom:
it is seen where its two-sided interval at the study's confidence lies above 0. Of R trials the power is that of a
noncentral t, and the fewest R with which it is at least ``power`` are told.

**The noise.** The deviation between the baseline's trials at each budget, moderated over budgets (``variance``). An arm
is thought to be as noisy as the baseline, and its noise to be its own, so that a difference has twice the variance.
What trials share, their labels, makes differences less noisy than that, and pooled variances make intervals narrower
than R − 1 degrees of freedom do: the trials told are rather too many than too few for one comparison singled out
beforehand. A band over many arms and budgets asks for more, and the luck of the test images is not in it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from headstart.utility.curves import monotone_fit
from headstart.utility.units import curve_means
from headstart.utility.variance import VarianceModel

__all__ = ["MOST_TRIALS", "Detection", "detect_gain", "trials_needed"]

Floats = NDArray[np.float64]
POWER = 0.8
MOST_TRIALS = 1000
"""Beyond it no number is told."""


class Detection(NamedTuple):
    """At each budget asked for, ``[M]``. score: the baseline's mean, on its curve. deviation: between its trials. gain:
    in score, that the gain in labels comes to. trials: to see it; infinite beyond ``MOST_TRIALS``."""

    score: Floats
    deviation: Floats
    gain: Floats
    trials: Floats


def trials_needed(gain: Floats, deviation: Floats, *, confidence: float = 0.95, power: float = POWER) -> Floats:
    """The fewest trials whose paired differences, of mean ``gain`` and standard ``deviation``, both ``[M]``, show it.

    Two are the fewest that have an interval. Infinite where ``MOST_TRIALS`` are not enough, and where there is no gain.

    >>> import numpy as np
    >>> trials_needed(np.array([1.0, 0.0]), np.array([1.0, 1.0])).tolist()
    [10.0, inf]
    """
    trials = np.arange(2, MOST_TRIALS + 1)
    critical = np.asarray(stats.t.ppf((1 + confidence) / 2, trials - 1))
    found = np.full(len(gain), np.inf)
    for place, (mean, spread) in enumerate(zip(gain, deviation, strict=True)):
        if mean > 0:
            known = _power(mean / spread if spread > 0 else np.inf, trials, critical) >= power
            found[place] = trials[known.argmax()] if known.any() else np.inf
    return found


def detect_gain(
    labels: Floats, scores: Floats, share: float, at: Floats, *, confidence: float = 0.95, power: float = POWER
) -> Detection:
    """What it takes to see that a start is worth a ``share`` of labels more, 0.5 for half as many again.

    labels: budgets ``[K]``, ascending, two at least. scores: of the baseline, ``[K, R]``, more being better, NaN where
    a run is missing; some budget has two. at: the budgets ``[M]`` asked for: between those of ``labels`` slope and
    deviation are interpolated over the logarithm of labels, beyond them they stay as they are at the end.

    >>> import numpy as np
    >>> scores = np.array([[0.50, 0.52], [0.60, 0.62], [0.70, 0.72]])
    >>> detect_gain(np.array([10.0, 20.0, 40.0]), scores, 1.0, np.array([20.0])).gain.round(2).tolist()
    [0.1]
    """
    place = np.log(labels)
    means = curve_means(scores[None], np.full((1, scores.shape[1]), -1))
    moderated = VarianceModel.of_curves(place, means).moderate(means.variance.reshape(1, -1)).variance[0]
    runs = np.isfinite(scores).sum(axis=1)
    curve = monotone_fit(means.mean[0], runs.astype(np.float64))
    wanted = np.log(at)
    slope = np.interp(wanted, place, _slopes(place, curve))
    deviation = np.interp(wanted, place, np.sqrt(moderated * runs))
    gain = slope * np.log1p(share)
    trials = trials_needed(gain, np.sqrt(2) * deviation, confidence=confidence, power=power)
    return Detection(np.interp(wanted, place, curve), deviation, gain, trials)


def _slopes(place: Floats, curve: Floats) -> Floats:
    """Over both neighbours of each point, over one at the ends."""
    after, before = np.minimum(np.arange(len(place)) + 1, len(place) - 1), np.maximum(np.arange(len(place)) - 1, 0)
    found: Floats = (curve[after] - curve[before]) / (place[after] - place[before])
    return found


def _power(effect: float, trials: NDArray[np.int64], critical: Floats) -> Floats:
    """Of a gain of ``effect`` standard deviations of a difference, for each number of trials."""
    if not np.isfinite(effect):
        return np.ones(len(trials))
    return np.asarray(stats.nct.sf(critical, trials - 1, effect * np.sqrt(trials)))
