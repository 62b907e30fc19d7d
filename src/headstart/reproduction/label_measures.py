"""How utility goes with labels, over all arms and datasets of a figure."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from headstart.reproduction.evidence import Evidence, Floats, complete
from headstart.reproduction.rules import Bound, Measured, UnmeasuredError
from headstart.utility import jackknife, labels_needed, monotone_fit

__all__ = ["utility_fall", "utility_late"]

FIRST, LATE = 0, -2
"""The budgets that are read: the fewest labels, and the most but one, for beyond the last nothing can be measured."""
MOST_BEYOND = 0.5
"""Share of utilities that may be bounds."""


def utility_fall(evidence: Evidence) -> Measured:
    """How many times as many labels pretraining stands for with the fewest labels as it does with many: the geometric
    mean over arms and datasets of (1 + U) at the one budget over (1 + U) at the other."""
    scores, labels = _curves(evidence)
    _, above, below = _logs(scores, labels)
    bound = _bound(above[..., FIRST] | below[..., LATE], below[..., FIRST] | above[..., LATE])
    return Measured(*jackknife(partial(_fall, labels=labels), scores, confidence=evidence.confidence), _times, bound)


def utility_late(evidence: Evidence) -> Measured:
    """(1 + U) with the most labels but one, the geometric mean over arms and datasets: 1 where nothing is saved."""
    scores, labels = _curves(evidence)
    _, above, below = _logs(scores, labels)
    bound = _bound(above[..., LATE], below[..., LATE])
    return Measured(*jackknife(partial(_late, labels=labels), scores, confidence=evidence.confidence), _times, bound)


def _curves(evidence: Evidence) -> tuple[Floats, Floats]:
    """Scores ``[P, A + 1, K, R]`` of each place, the baseline's first, and labels ``[P, K]``."""
    places = evidence.places
    scores = complete([np.stack([one.scratch(), *(one.scores(arm) for arm in one.compared)]) for one in places])
    if scores.shape[2] < 3:
        raise UnmeasuredError("it takes three budgets, for utility at the largest cannot be measured")
    return scores, np.stack([place.labels for place in places])


def _fall(scores: Floats, labels: Floats) -> float:
    logs, _, _ = _logs(scores, labels)
    return float((logs[..., FIRST] - logs[..., LATE]).mean())


def _late(scores: Floats, labels: Floats) -> float:
    return float(_logs(scores, labels)[0][..., LATE].mean())


def _logs(scores: Floats, labels: Floats) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """log(1 + U) of every arm and budget ``[P, A, K]``, as far as the baseline's budgets measure it; and where an arm
    is above or below all that these reach."""
    means = scores.mean(axis=-1)
    found = []
    for own, budgets in zip(means, labels, strict=True):
        fitted = monotone_fit(own[0], np.ones(len(budgets)))
        needed = labels_needed(budgets, np.broadcast_to(fitted, own[1:].shape), own[1:])
        above, below = np.isinf(needed.high), needed.low == 0
        found.append((np.log(np.where(above, needed.low, needed.high) / budgets), above, below))
    logs, over, under = (np.stack(parts) for parts in zip(*found, strict=True))
    return logs, over, under


def _bound(raised: NDArray[np.bool_], lowered: NDArray[np.bool_]) -> Bound:
    """Which kind of bound a mean is, where some of its parts are no less, or no more, than what was counted.

    Raises ``UnmeasuredError`` where it is either way or most are: what is cut off at a limit has no spread to judge by.
    """
    beyond = raised | lowered
    if beyond.mean() > MOST_BEYOND or (raised.any() and lowered.any()):
        raise UnmeasuredError(
            f"{beyond.sum()} of {beyond.size} utilities lie beyond what scratch's budgets can measure"
        )
    return "lower" if raised.any() else "upper" if lowered.any() else "none"


def _times(value: float) -> str:
    """A logarithm as the factor that it is of."""
    return f"×\u00a0{np.exp(value):.3g}" if abs(value) < 20 else "× anything"
