"""Rules of thumb of the field, asked of the same runs: one number each, or why this size cannot tell."""

import numpy as np

from headstart.reproduction.evidence import Evidence, complete
from headstart.reproduction.measures import mean_difference
from headstart.reproduction.places import Floats
from headstart.reproduction.rules import Measured, UnmeasuredError
from headstart.reproduction.transfer import FACTORS, pairs_of
from headstart.utility import jackknife, shift_effects

__all__ = ["diversity_cost", "few_are_enough", "five_times", "in_domain", "late_gain"]

TRANSFER, EFFORT, CURVES = "fig01", "fig02", "fig05"
"""The recipes that are read."""
HUNDRED, MANY, FIVE = 100, 50_000, 5
TOO_SMALL = "not decidable at this size:"


def few_are_enough(evidence: Evidence) -> Measured:
    """What CMC gains over scratch with about 100 labels after an eighth of the images."""
    own = evidence.of(EFFORT)
    gains = [place.gains()[:, _nearest(place.labels)] for place in own.where(effort="an eighth of the images")]
    return mean_difference(gains, own)


def five_times(evidence: Evidence) -> Measured:
    """How much more is gained where there are five unlabelled images for each label than where there are fewer."""
    own, unlabelled = evidence.of(CURVES), evidence.runs[CURVES].unlabelled
    differences = []
    for place in own.places:
        plenty = unlabelled >= FIVE * place.labels
        if plenty.all() or not plenty.any():
            which = "every" if plenty.all() else "no"
            raise UnmeasuredError(f"{TOO_SMALL} {which} budget has five of {unlabelled:,} unlabelled images a label")
        gains = place.gains()
        differences.append(gains[:, plenty].mean(axis=1) - gains[:, ~plenty].mean(axis=1))
    return mean_difference(differences, own)


def late_gain(evidence: Evidence) -> Measured:
    """What is gained over scratch with 50,000 labels or more."""
    own, gains = evidence.of(CURVES), []
    for place in own.places:
        late = place.labels >= MANY
        if not late.any():
            raise UnmeasuredError(f"{TOO_SMALL} the largest budget is {int(place.labels[-1]):,} labels")
        gains.append(place.gains()[:, late])
    return mean_difference(gains, own)


def diversity_cost(evidence: Evidence) -> Measured:
    """What a factor changes that pretraining's images have and those that are learned lack, mean over factors."""
    own = evidence.of(TRANSFER)
    pairs = pairs_of(own)

    def effect(changes: Floats) -> float:
        removed = shift_effects(pairs.shifts, changes.mean(axis=(1, 2)))[len(FACTORS) :]
        return float(np.nanmean(removed)) if np.isfinite(removed).any() else float("nan")

    return Measured(*jackknife(effect, pairs.changes, confidence=own.confidence), own.show)


def in_domain(evidence: Evidence) -> Measured:
    """What pretraining on other images changes against as many of those that are learned, mean over pairs."""
    own = evidence.of(TRANSFER)
    return mean_difference(list(complete(list(pairs_of(own).changes))), own)


def _nearest(labels: Floats) -> int:
    """Which budget is about a hundred labels: within a factor of 2."""
    place = int(np.abs(np.log(labels / HUNDRED)).argmin())
    if not 0.5 <= labels[place] / HUNDRED <= 2:
        raise UnmeasuredError(f"{TOO_SMALL} no budget is about {HUNDRED} labels")
    return place
