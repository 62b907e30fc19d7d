"""The numbers that rules are about, each of what runs found: gains, comparisons, and how probes foretell."""

import math
from collections.abc import Sequence

import numpy as np

from headstart.reproduction.evidence import Evidence, complete, shown
from headstart.reproduction.places import Floats, Place
from headstart.reproduction.rules import Measured, UnmeasuredError
from headstart.seeding import numpy_generator
from headstart.utility import Estimate, associate, jackknife

__all__ = [
    "clustered_gains",
    "contrast",
    "effort_cost",
    "encoder_difference",
    "gains_close",
    "mean_difference",
    "method_by_task",
    "network_gain",
    "probe_agreement",
    "split_difference",
]

DENSE = ("segmentation", "depth")
SMALLER, LARGER = "ResNet9", "ResNet50"
ENCODER = "AMDIM's encoder"


def gains_close(evidence: Evidence) -> Measured:
    """How much more is gained over scratch with the fewest labels than with the most, mean over arms and datasets."""
    gains = [place.gains() for place in evidence.places]
    return mean_difference([own[:, 0] - own[:, -1] for own in gains], evidence)


def contrast(evidence: Evidence, ones: Sequence[str], others: Sequence[str]) -> Measured:
    """How much better ``ones`` score than ``others``, fine-tuned, mean over budgets and datasets."""
    return mean_difference([_contrast(place, ones, others) for place in evidence.places], evidence)


def effort_cost(evidence: Evidence, full: str, less: Sequence[str]) -> Measured:
    """What the dearest of several savings costs in score; its interval holds for all of them together."""
    level = 1 - (1 - evidence.confidence) / len(less)
    costs = [_paired(evidence, "effort", full, one, level) for one in less]
    value, low, high = (max(ends) for ends in zip(*costs, strict=True))
    return Measured(value, low, high, evidence.show)


def _paired(evidence: Evidence, key: str, one: str, other: str, level: float) -> Estimate:
    """How much better fine-tuned arms do at one value of ``key`` than at another, all else being equal."""
    first, second = (evidence.where(**{key: value}) for value in (one, other))
    differences = [a.gains() - b.gains() for a, b in _alike(first, second, key)]
    return _jackknife(complete(differences), evidence, level)


def split_difference(evidence: Evidence, split: str) -> Measured:
    """How much better a split network does from scratch than a whole one."""
    return mean_difference([place.gains([split]) for place in evidence.places], evidence)


def encoder_difference(evidence: Evidence) -> Measured:
    """How much more AMDIM's encoder is ahead of ResNet50 by linear evaluation than by fine-tuning."""
    pairs = _alike(evidence.where(network=ENCODER), evidence.where(network=LARGER), "network")
    leads = {
        protocol: [one.scores("amdim", protocol) - other.scores("amdim", protocol) for one, other in pairs]
        for protocol in ("linear", "finetune")
    }
    return mean_difference(
        [one - other for one, other in zip(leads["linear"], leads["finetune"], strict=True)], evidence
    )


def network_gain(evidence: Evidence) -> Measured:
    """How much more pretraining gains over scratch with the larger network than with the smaller one."""
    pairs = _alike(evidence.where(network=LARGER), evidence.where(network=SMALLER), "network")
    return mean_difference([one.gains() - other.gains() for one, other in pairs], evidence)


def clustered_gains(place: Place, arms: Sequence[str], protocol: str, above: tuple[str, str]) -> Floats:
    """Mean scores of arms above another ``above`` (its arm and protocol), in units of what scratch gains from its
    fewest labels to its most, so that tasks can be put side by side: ``[A, K]``."""
    scores = np.stack([place.scores(arm, protocol) for arm in arms]).mean(axis=-1)
    found: Floats = (scores - place.scores(*above).mean(axis=-1)) / _rise(place)
    return found


def _rise(place: Place) -> float:
    """What scratch gains from its fewest labels to its most. Raises ``UnmeasuredError`` if that is nothing."""
    scratch = place.scratch().mean(axis=-1)
    rise = float(scratch[-1] - scratch[0])
    if rise <= 0:
        raise UnmeasuredError(f"scratch gains nothing from labels on {', '.join(dict.fromkeys(place.names.values()))}")
    return rise


def method_by_task(evidence: Evidence) -> Measured:
    """How much more CMC is ahead of rotation and AMDIM in classification than on dense tasks, in units of what scratch
    gains from its fewest labels to its most."""
    leads: dict[bool, list[Floats]] = {False: [], True: []}
    for place in evidence.places:
        if place.names["task"] == "classification" or place.names["task"] in DENSE:
            lead = _contrast(place, ["cmc"], ["rotation", "amdim"])
            leads[place.names["task"] in DENSE].append(lead / _rise(place))
    if not all(leads.values()):
        raise UnmeasuredError("it takes runs of classification and of a dense task")
    images, maps = (complete(leads[dense]).mean(axis=(0, 1)) for dense in (False, True))
    if images.shape != maps.shape:
        raise UnmeasuredError("runs differ in their trials")
    return Measured(*_jackknife(images - maps, evidence), _plain)


def probe_agreement(evidence: Evidence) -> Measured:
    """Spearman's rank correlation of linear evaluation with fine-tuning over methods and datasets, at equal labels."""
    probed, tuned = (np.concatenate(list(_units(evidence, own)), axis=0).T for own in ("linear", "finetune"))
    generator = numpy_generator("reproduction", evidence.seed, "probes")
    found = associate(tuned, probed, generator, confidence=evidence.confidence).spearman
    if math.isnan(found.low):
        raise UnmeasuredError(f"{tuned.shape[1]} methods on datasets are too few to draw from")
    return Measured(*found, _plain)


def _units(evidence: Evidence, protocol: str) -> "list[Floats]":
    """``[A, K]`` of each place: fine-tuned above scratch, probes above random features."""
    above = ("scratch", "finetune") if protocol == "finetune" else ("random", protocol)
    found = [clustered_gains(place, place.compared, protocol, above) for place in evidence.places]
    if len({own.shape[1] for own in found}) > 1:
        raise UnmeasuredError("runs differ in how many budgets they have")
    return found


def _contrast(place: Place, ones: Sequence[str], others: Sequence[str]) -> Floats:
    """``[K, R]``."""
    first, second = (np.stack([place.scores(arm) for arm in arms]).mean(axis=0) for arms in (ones, others))
    found: Floats = first - second
    return found


def _alike(ones: Sequence[Place], others: Sequence[Place], key: str) -> list[tuple[Place, Place]]:
    """Places that differ in ``key`` alone, in pairs."""

    def rest(place: Place) -> tuple[tuple[str, str], ...]:
        return tuple(sorted((name, value) for name, value in place.names.items() if name != key))

    found = {rest(place): place for place in others}
    pairs = [(place, found[rest(place)]) for place in ones if rest(place) in found]
    if len(pairs) < len(ones):
        raise UnmeasuredError(f"not all of it was measured at both values of {key}")
    return pairs


def mean_difference(
    differences: Sequence[Floats], evidence: Evidence, places: Sequence[Place] | None = None
) -> Measured:
    """A mean difference over all but the trials ``[..., R]``, in the units of the metric of ``places``, or of all."""
    return Measured(*_jackknife(complete(differences), evidence), shown(places or evidence.places))


def _jackknife(differences: Floats, evidence: Evidence, level: float | None = None) -> Estimate:
    return jackknife(lambda drawn: float(drawn.mean()), differences, confidence=level or evidence.confidence)


def _plain(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")
