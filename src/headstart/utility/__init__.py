"""What pretraining is worth, in labels: numbers only, NumPy in and out."""

from typing import Literal

from headstart.utility.bootstrap import MeanInterval, joint_draws, mean_interval
from headstart.utility.curves import LabelRange, labels_needed, monotone_fit
from headstart.utility.reference import (
    ReferenceUtility,
    interpolate_labels,
    reference_estimate,
    reference_labels_needed,
    reference_utility,
)
from headstart.utility.utility import CENSORED, TrialScores, UtilityEstimate, estimate_utility

__all__ = [
    "CENSORED",
    "Interpolation",
    "LabelRange",
    "MeanInterval",
    "ReferenceUtility",
    "TrialScores",
    "UtilityEstimate",
    "estimate_utility",
    "interpolate_labels",
    "joint_draws",
    "labels_needed",
    "mean_interval",
    "monotone_fit",
    "reference_estimate",
    "reference_labels_needed",
    "reference_utility",
]

Interpolation = Literal["log", "reference"]
