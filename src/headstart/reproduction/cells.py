"""Single numbers of charts with their intervals, as far as runs are there: what is missing leaves the rest to be seen.

Rules need all runs of all places, and say what is missing otherwise; a chart shows each cell for itself.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from headstart.reproduction.places import Floats, Place
from headstart.utility import jackknife

__all__ = ["best_cells", "probe_points"]

FINETUNE, LINEAR, RANDOM = "finetune", "linear", "random"


class _Cell(NamedTuple):
    """A number and its interval, NaN where there is none. whole: whether it lacks no run and has an interval."""

    value: float
    low: float
    high: float
    whole: bool


def best_cells(place: Place, confidence: float) -> Iterator[dict[str, Any]]:
    """By budget: which arm has the best mean (``None`` if none has a number), its ``lead`` over the next with ``low``
    and ``high``, and how many runs are ``missing``."""
    scores = np.stack([_scores(place, arm, FINETUNE) for arm in place.compared])
    for rank, labels in enumerate(place.labels):
        own = scores[:, rank]
        order = [arm for arm in np.argsort(-_means(own), kind="stable") if np.isfinite(own[arm]).any()]
        lead = _cell(lambda pair: float((pair[0] - pair[1]).mean()), own[order[:2]], confidence) if order[1:] else None
        yield {
            "place": _where(place),
            "budget": rank + 1,
            "labels": int(labels),
            "metric": place.metric,
            "arm": place.compared[order[0]] if order else None,
            **dict(zip(("lead", "low", "high"), lead or [np.nan] * 3, strict=False)),
            "missing": int(np.isnan(own).sum()),
        }


def probe_points(place: Place, confidence: float) -> Iterator[dict[str, Any]]:
    """By arm and budget: what a linear probe reaches above random features (``x``) and fine-tuning above scratch
    (``y``), in units of what scratch gains from its fewest labels to its most, with ``_low`` and ``_high``."""
    scratch = _scores(place, place.baseline, FINETUNE)
    sides = {"x": (LINEAR, _scores(place, RANDOM, LINEAR)), "y": (FINETUNE, scratch)}
    for arm in place.compared:
        for rank, labels in enumerate(place.labels):
            row = {"arm": arm, "labels": int(labels), "budget": rank + 1, "place": _where(place), "whole": True}
            for axis, (protocol, above) in sides.items():
                parts = [_scores(place, arm, protocol)[rank], above[rank], scratch[-1], scratch[0]]
                found = _cell(_share, np.stack(parts), confidence)
                row |= {axis: found.value, f"{axis}_low": found.low, f"{axis}_high": found.high}
                row["whole"] = row["whole"] and found.whole
            yield row


def _where(place: Place) -> str:
    return f"{place.names['task']}, {place.names['dataset']}"


def _share(parts: Floats) -> float:
    """What one mean has above another, in units of a rise; NaN where nothing rises."""
    score, above, last, first = parts.mean(axis=-1)
    return float((score - above) / (last - first)) if last > first else float("nan")


def _scores(place: Place, arm: str, protocol: str) -> Floats:
    """``[K, R]``, all NaN where nobody measured."""
    shape = len(place.labels), max(one.shape[1] for one in place.curves.values())
    return place.curves.get((arm, protocol), np.full(shape, np.nan))


def _means(scores: Floats) -> Floats:
    """Over the runs that are there; −inf where none is."""
    there = np.isfinite(scores)
    sums, counts = np.where(there, scores, 0.0).sum(axis=-1), there.sum(axis=-1)
    found: Floats = np.where(counts > 0, sums / np.maximum(counts, 1), -np.inf)
    return found


def _cell(statistic: Callable[[Floats], float], parts: Floats, confidence: float) -> _Cell:
    """Of ``parts [N, R]``, by the trials that all of them have."""
    there: NDArray[np.bool_] = np.array(np.isfinite(parts).all(axis=0))
    if not there.any():
        return _Cell(np.nan, np.nan, np.nan, False)
    found = jackknife(statistic, parts[:, there], confidence=confidence)
    return _Cell(*found, bool(there.all()) and bool(np.isfinite(found.low)))
