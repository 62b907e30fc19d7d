"""Transfer between datasets that differ in factors: what a shift changes, and what each factor costs by itself."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headstart.reproduction.evidence import Evidence, complete
from headstart.reproduction.places import Floats, Place
from headstart.reproduction.rules import Measured, UnmeasuredError
from headstart.scenes.factors import Factors
from headstart.study.config.arms import REFERENCE
from headstart.utility import jackknife, shift_effects

__all__ = ["FACTORS", "METHOD", "Pairs", "change_table", "measured_pairs", "pairs_of", "shift_table", "viewpoint_cost"]

SOURCE, LEARNED = "pretrain_dataset.factors", "dataset.factors"
FACTORS = ("texture", "color", "viewpoint", "lighting")
METHOD = "amdim"


class Pairs(NamedTuple):
    """shifts: which factors each of P pairs adds, and then which it removes ``[P, 2 F]``. changes: of the score against
    no shift ``[P, K, R]``. left_out: how many more pairs there would be, had no run failed."""

    shifts: NDArray[np.bool_]
    changes: Floats
    left_out: int = 0


def viewpoint_cost(evidence: Evidence) -> Measured:
    """How much more a shift of viewpoint costs than one of the factor that comes nearest, added or removed, mean over
    budgets; its interval holds for all other factors together. Raises ``UnmeasuredError`` where a factor's cost is not
    told.
    """
    pairs = pairs_of(evidence)
    others = [factor for factor in FACTORS if factor != "viewpoint"]
    level = 1 - (1 - evidence.confidence) / len(others)
    found = [jackknife(partial(_lead, pairs.shifts, factor), pairs.changes, confidence=level) for factor in others]
    if lacking := [name for name, one in zip(others, found, strict=True) if np.isnan(one.value)]:
        raise UnmeasuredError(
            f"no pairs here tell what a shift of {' or '.join(lacking)} costs beside one of viewpoint"
        )
    value, low, high = (min(ends) for ends in zip(*found, strict=True))
    return Measured(value, low, high, evidence.show)


def shift_table(evidence: Evidence) -> pd.DataFrame:
    """A row per factor and way: ``factor, shift`` (added, removed), ``effect, low, high`` on the mean score, NaN where
    it is not told, the ``metric``, and how many pairs are ``left_out`` because they lack runs."""
    pairs = measured_pairs(evidence)
    rows = []
    for column, (shift, factor) in enumerate((shift, factor) for shift in ("added", "removed") for factor in FACTORS):
        effect = partial(_effect, pairs.shifts, column)
        found = jackknife(effect, pairs.changes, confidence=evidence.confidence)
        names = {"factor": factor, "shift": shift, "metric": evidence.places[0].metric, "left_out": pairs.left_out}
        rows.append({"arm": METHOD} | names | dict(zip(("effect", "low", "high"), found, strict=True)))
    return pd.DataFrame(rows)


def change_table(evidence: Evidence) -> pd.DataFrame:
    """A row per pair of datasets, equal ones too: what was ``pretrained`` on and what was ``learned``, the mean
    ``score`` over budgets, its ``change`` against no shift with ``low`` and ``high``, NaN where runs are missing, and
    the ``metric``. Raises ``UnmeasuredError`` where no pair of different ones is told."""
    scores, rows = _measured(evidence), []
    _pairs(scores)  # raises where nothing can be compared
    for place in evidence.places:
        source, learned = ends = _ends(place)
        missing = np.full(place.curves[METHOD, REFERENCE].shape, np.nan)
        own, unshifted = (scores.get(pair, missing) for pair in (ends, (learned, learned)))
        change = jackknife(_mean, own - unshifted, confidence=evidence.confidence)
        names = {"pretrained": source, "learned": learned, "score": _mean(own), "metric": place.metric}
        rows.append(names | dict(zip(("change", "low", "high"), change, strict=True)))
    return pd.DataFrame(rows)


def _mean(scores: Floats) -> float:
    return float(scores.mean())


def _effect(shifts: NDArray[np.bool_], column: int, changes: Floats) -> float:
    return float(shift_effects(shifts, changes.mean(axis=(1, 2)))[column])


def _lead(shifts: NDArray[np.bool_], factor: str, changes: Floats) -> float:
    """How much lower scores get by a shift of viewpoint than by one of ``factor``, mean over both ways."""
    effects = shift_effects(shifts, changes.mean(axis=(1, 2))).reshape(2, len(FACTORS)).mean(axis=0)
    return float(effects[FACTORS.index(factor)] - effects[FACTORS.index("viewpoint")])


def pairs_of(evidence: Evidence) -> Pairs:
    """All pairs of different datasets, each against no shift with the same labels. Raises ``UnmeasuredError`` where
    one of them lacks runs, or trials are too few for an interval."""
    pairs = _pairs({_ends(place): place.scores(METHOD) for place in evidence.places})
    complete(list(pairs.changes))
    return pairs


def measured_pairs(evidence: Evidence) -> Pairs:
    """Those pairs that lack no run. Raises ``UnmeasuredError`` where there is none."""
    planned = {_ends(place) for place in evidence.places}
    found = _pairs(_measured(evidence))
    return found._replace(left_out=len(_shifted(planned)) - len(found.changes))


def _measured(evidence: Evidence) -> dict[tuple[str, str], Floats]:
    """Scores ``[K, R]`` of those places that lack no run."""
    scores = {}
    for place in evidence.places:
        with suppress(UnmeasuredError):
            scores[_ends(place)] = place.scores(METHOD)
    return scores


def _ends(place: Place) -> tuple[str, str]:
    return place.names[SOURCE], place.names[LEARNED]


def _shifted(ends: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pairs of different datasets of which the second was met without a shift, too."""
    return [(source, learned) for source, learned in ends if source != learned and (learned, learned) in ends]


def _pairs(scores: Mapping[tuple[str, str], Floats]) -> Pairs:
    shifted = _shifted(scores)
    if not shifted:
        raise UnmeasuredError("no dataset was learned after pretraining on itself and on another")
    changes = [scores[pair] - scores[pair[1], pair[1]] for pair in shifted]
    if len({one.shape for one in changes}) > 1:
        raise UnmeasuredError("runs differ in their budgets or trials")
    return Pairs(np.array([list(_shifts(*pair)) for pair in shifted]), np.stack(changes))


def _shifts(source: str, learned: str) -> Iterator[bool]:
    ends = [Factors.parse(text) for text in (source, learned)]
    has, needs = ([bool(getattr(end, factor)) for factor in FACTORS] for end in ends)
    yield from (there and not here for here, there in zip(has, needs, strict=True))
    yield from (here and not there for here, there in zip(has, needs, strict=True))
