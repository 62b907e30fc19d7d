"""What each curve gains over the baseline, budget by budget, in units of the score: what is tested before it is told
in labels.

A gain is a mean of differences, trial by trial: luck that a trial gives to every curve cancels. Its error has the units
that ``units`` explains, a variance that ``variance`` moderates, the error of the test images, and a critical value from
studies simulated like this one (``calibration``), jointly over all curves and budgets.
"""

from collections.abc import Iterator
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

    Where runs of a curve or of the baseline are missing, ``sure`` also holds if the guess was what those of the curve
    had scored, and if it was what those of the baseline had scored as well.

    >>> import numpy as np
    >>> baseline, arm = np.array([[0.50, 0.60], [0.69, 0.79]]), np.array([[[0.60, 0.71], [0.80, 0.89]]])
    >>> scores = StudyScores(np.array([100.0, 200.0]), baseline, arm, np.array([[-1, -1]]))
    >>> estimate_gains(scores, np.random.default_rng(1)).gain.round(3)
    array([[0.105, 0.105]])
    """
    levels = confidence, confidence if band is None else band
    fixed = _image_variances(scores)
    found = _estimate(scores, fixed, generator, levels, draws)
    arms, baseline = _lacking(scores.compared), _lacking(scores.baseline)
    affected = np.asarray(arms.any(axis=-1) | baseline.any(axis=-1))
    known = np.full(len(scores.labels), np.nan) if guess is None else guess
    sure = np.where(affected & np.isnan(known), np.nan, found.sure)
    for filled in _filled(scores, known[:, None], arms, baseline):
        bounded = _estimate(filled, fixed, generator, levels, draws)
        sure = np.where(affected, np.minimum(sure, bounded.sure), sure)
    return replace(found, sure=sure, bounded=affected)


def _lacking(runs: Floats) -> NDArray[np.bool_]:
    """Which of ``runs [..., R]`` are missing: a run that no trial of this budget has was not planned."""
    missing = np.isnan(runs)
    lacking: NDArray[np.bool_] = missing & ~missing.all(axis=-1, keepdims=True)
    return lacking


def _filled(
    scores: StudyScores, guess: Floats, arms: NDArray[np.bool_], baseline: NDArray[np.bool_]
) -> Iterator[StudyScores]:
    """The scores with ``guess [K, 1]`` for missing runs: for those of ``arms [C, K, R]`` alone, as what the baseline
    lacks must not count as their gain, and then for those of ``baseline [K, R]`` as well, whose spread that may widen.
    """
    poorer = replace(scores, compared=np.where(arms, guess, scores.compared), per_image=None)
    if arms.any():
        yield poorer
    if baseline.any():
        yield replace(poorer, baseline=np.where(baseline, guess, scores.baseline))


def _image_variances(scores: StudyScores) -> Floats:
    """What other test images would change, ``[C, K]``, as far as runs are there."""
    if scores.per_image is None:
        return np.zeros(scores.compared.shape[:-1])
    baseline, compared = scores.per_image
    # Curve by curve, for there may be many images.
    return np.stack([image_variance(baseline, curve) for curve in compared])


def _estimate(
    scores: StudyScores, fixed: Floats, generator: np.random.Generator, levels: tuple[float, float], draws: int
) -> GainEstimate:
    """fixed: of test images, ``[C, K]``."""
    means = curve_means(scores.compared - scores.baseline, scores.pretraining)
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
