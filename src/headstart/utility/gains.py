"""What each curve gains over the baseline, budget by budget, in units of the score: what is tested before it is told
in labels.

A gain is a mean of differences, trial by trial: luck that a trial gives to every curve cancels. Its error has the units
that ``units`` explains, a variance that ``variance`` moderates, the error of the test images, and a critical value from
studies simulated like this one (``calibration``), jointly over all curves and budgets.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from headstart.utility.calibration import Critical, critical_values
from headstart.utility.images import image_variance
from headstart.utility.scores import StudyScores
from headstart.utility.units import UnitMeans, curve_means
from headstart.utility.variance import VarianceModel

__all__ = ["GainEstimate", "estimate_gains"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GainEstimate:
    """Everything ``[C, K]``, positive where a curve is better than the baseline with the same labels.

    gain: mean over the trials that both have. low, high: its own interval. sure: the lower end of the band that holds
    the gains of all curves and budgets at once; in a study without any gain one of them is above 0 in at most
    1 − confidence of cases. NaN is what cannot be told: a gain without trials, ends with a single unit; ``sure`` also
    where runs are missing and it is not known what they would do. critical: ends in standard errors. band: of the band,
    in units of ``critical``. bounded ``[C, K]``: where runs are missing, so that ``sure`` is of what they might do.
    """

    gain: Floats
    low: Floats
    high: Floats
    sure: Floats
    critical: Floats
    band: float
    bounded: NDArray[np.bool_]


def estimate_gains(
    scores: StudyScores,
    generator: np.random.Generator,
    *,
    guess: Floats | None = None,
    confidence: float = 0.95,
    band: float | None = None,
    draws: int = 2000,
) -> GainEstimate:
    """Gains of all curves at once. draws: simulated studies. guess: what a blind guess scores ``[K]``, NaN if unknown.
    band: confidence of ``sure``, where it is to hold over more than these curves; default: ``confidence``.

    Where runs of a curve are missing, ``sure`` also holds if they had scored the guess.

    >>> import numpy as np
    >>> baseline, arm = np.array([[0.50, 0.60], [0.69, 0.79]]), np.array([[[0.60, 0.71], [0.80, 0.89]]])
    >>> scores = StudyScores(np.array([100.0, 200.0]), baseline, arm, np.array([[-1, -1]]))
    >>> estimate_gains(scores, np.random.default_rng(1)).gain.round(3)
    array([[0.105, 0.105]])
    """
    levels = confidence, confidence if band is None else band
    found = _estimate(scores, generator, levels, draws)
    missing = np.isnan(scores.compared)
    # A run that no trial of this budget has was not planned.
    lacking = missing & ~missing.all(axis=-1, keepdims=True)
    if not lacking.any():
        return found
    known = np.full(len(scores.labels), np.nan) if guess is None else guess
    filled = np.where(lacking, known[:, None], scores.compared)
    bounded = _estimate(replace(scores, compared=filled, per_image=None), generator, levels, draws)
    affected = np.asarray(lacking.any(axis=-1))
    worse = np.where(np.isnan(known), np.nan, np.minimum(found.sure, bounded.sure))
    return replace(found, sure=np.where(affected, worse, found.sure), bounded=affected)


def _estimate(
    scores: StudyScores, generator: np.random.Generator, levels: tuple[float, float], draws: int
) -> GainEstimate:
    means = curve_means(scores.compared - scores.baseline, scores.pretraining)
    fixed = np.zeros(means.mean.shape)
    if scores.per_image is not None:
        baseline, compared = scores.per_image
        # Curve by curve, for there may be many images.
        fixed = np.stack([image_variance(baseline, curve) for curve in compared])
    model = VarianceModel.of_curves(np.log(scores.labels), means)
    found = model.moderate(means.variance.reshape(1, -1))
    critical = critical_values(means, model, found, fixed, scores, levels, draws, generator)
    return _ends(means, np.sqrt(found.variance.reshape(fixed.shape) + fixed), critical)


def _ends(means: UnitMeans, error: Floats, critical: Critical) -> GainEstimate:
    half = critical.point * error
    return GainEstimate(
        means.mean,
        means.mean - half,
        means.mean + half,
        means.mean - critical.band * half,
        critical.point,
        critical.band,
        np.zeros(half.shape, dtype=np.bool_),
    )
