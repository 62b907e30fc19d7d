"""How utility goes with labels, over all arms and datasets of a figure."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from headstart.reproduction.evidence import Evidence, complete
from headstart.reproduction.places import Floats
from headstart.reproduction.rules import Bound, Measured, UnmeasuredError
from headstart.utility import jackknife, labels_needed, monotone_fit

__all__ = ["utility_fall", "utility_late"]

FIRST, LATE, FEWEST = 0, -2, 3
"""The budgets that are read: the fewest labels, and the most but one, for beyond the last nothing can be measured."""
MOST_BEYOND = 0.5
"""Share of utilities that may be bounds."""


def utility_fall(evidence: Evidence) -> Measured:
    """How many times as many labels pretraining stands for with the fewest labels as it does with many: the geometric
    mean over arms and datasets of (1 + U) at the one budget over (1 + U) at the other."""
    curves = _Curves.of(evidence)
    _, above, below = _logs(curves.scores, curves)
    bound = _bound(above[..., FIRST] | below[..., LATE], below[..., FIRST] | above[..., LATE])
    return _measured(_fall, curves, evidence, bound)


def utility_late(evidence: Evidence) -> Measured:
    """(1 + U) with the most labels but one, the geometric mean over arms and datasets: 1 where nothing is saved."""
    curves = _Curves.of(evidence)
    _, above, below = _logs(curves.scores, curves)
    bound = _bound(above[..., LATE], below[..., LATE])
    return _measured(_late, curves, evidence, bound)


class _Curves(NamedTuple):
    """What utility is read from. scores: of each place at all budgets of its baseline ``[P, A + 1, M, R]``, the
    baseline's first, those of arms NaN where they are not compared. labels: ``[P, M]``. compared: at which of them arms
    are ``[P, M]``, as many in every place."""

    scores: Floats
    labels: Floats
    compared: NDArray[np.bool_]

    @classmethod
    def of(cls, evidence: Evidence) -> "_Curves":
        places, references = evidence.places, [place.read_off() for place in evidence.places]
        compared = [np.isin(own.labels, place.labels) for own, place in zip(references, places, strict=True)]
        if {len(place.labels) for place in places} != {own.sum() for own in compared}:
            raise UnmeasuredError("runs differ in their budgets")
        if len(places[0].labels) < FEWEST:
            raise UnmeasuredError("it takes three budgets, for utility at the largest cannot be measured")
        scores = []
        for place, own, there in zip(places, references, compared, strict=True):
            arms = np.full((len(place.compared), *own.scores.shape), np.nan)
            arms[:, there] = np.stack([place.scores(arm) for arm in place.compared])
            scores.append(np.concatenate([own.scores[None], arms]))
        return cls(complete(scores), np.stack([own.labels for own in references]), np.stack(compared))


def _measured(
    number: Callable[[Floats, _Curves], float], curves: _Curves, evidence: Evidence, bound: Bound
) -> Measured:
    found = jackknife(lambda scores: number(scores, curves), curves.scores, confidence=evidence.confidence)
    return Measured(*found, _times, bound)


def _fall(scores: Floats, curves: _Curves) -> float:
    logs, _, _ = _logs(scores, curves)
    return float((logs[..., FIRST] - logs[..., LATE]).mean())


def _late(scores: Floats, curves: _Curves) -> float:
    return float(_logs(scores, curves)[0][..., LATE].mean())


def _logs(scores: Floats, curves: _Curves) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """log(1 + U) of every arm and budget ``[P, A, K]``, as far as the baseline's budgets measure it; and where an arm
    is above or below all that these reach."""
    found = []
    for own, budgets, there in zip(scores.mean(axis=-1), curves.labels, curves.compared, strict=True):
        fitted, arms = monotone_fit(own[0], np.ones(len(budgets))), own[1:, there]
        needed = labels_needed(budgets, np.broadcast_to(fitted, (len(arms), len(fitted))), arms)
        above, below = np.isinf(needed.high), needed.low == 0
        found.append((np.log(np.where(above, needed.low, needed.high) / budgets[there]), above, below))
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
