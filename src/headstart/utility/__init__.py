"""What pretraining is worth, in labels: numbers only, NumPy in and out."""

from typing import Literal

from headstart.utility.agreement import Agreement, rank_agreement
from headstart.utility.association import Association, associate
from headstart.utility.curves import LabelRange, labels_needed, monotone_fit
from headstart.utility.gains import GainEstimate, estimate_gains
from headstart.utility.images import image_variance
from headstart.utility.jackknife import Estimate, jackknife
from headstart.utility.looks import Looks
from headstart.utility.power import MOST_TRIALS, Detection, detect_gain, trials_needed
from headstart.utility.reference import (
    ReferenceUtility,
    interpolate_labels,
    reference_estimate,
    reference_labels_needed,
    reference_utility,
)
from headstart.utility.scores import StudyScores
from headstart.utility.shifts import shift_effects
from headstart.utility.units import MeanInterval, mean_interval
from headstart.utility.utility import CENSORED, UtilityEstimate, estimate_utility

__all__ = [
    "CENSORED",
    "MOST_TRIALS",
    "Agreement",
    "Association",
    "Detection",
    "Estimate",
    "GainEstimate",
    "Interpolation",
    "LabelRange",
    "Looks",
    "MeanInterval",
    "ReferenceUtility",
    "StudyScores",
    "UtilityEstimate",
    "associate",
    "detect_gain",
    "estimate_gains",
    "estimate_utility",
    "image_variance",
    "interpolate_labels",
    "jackknife",
    "labels_needed",
    "mean_interval",
    "monotone_fit",
    "rank_agreement",
    "reference_estimate",
    "reference_labels_needed",
    "reference_utility",
    "shift_effects",
    "trials_needed",
]

Interpolation = Literal["log", "reference"]
