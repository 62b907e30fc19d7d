"""Learning curves of a study, continued: what to expect of each start, or why nothing is told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headstart.seeding import numpy_generator
from headstart.study.results.comparisons import Curve, curves_of, is_blind
from headstart.study.results.metrics import PrimaryMetric
from headstart.utility.forecast import Forecast, Reach, distrust, fit_curve

__all__ = ["Outlook", "outlooks"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outlook:
    """Of one curve: an arm under a protocol. doubt: why it is not continued; then there is no ``score``, ``reach`` or
    ``saved``.

    score: with so many labels, its middle and ends. reach: labels for the target. saved: labels that the baseline would
    need besides, to score as it does with so many. hours: of its pretraining. pays_up_to: the largest measured budget
    at which it is claimed to be worth labels, or, at the largest of all, where labels cannot be counted, to score more.
    claimed: whether it is so at the largest of those that are no more than so many: a forecast's interval is of one
    curve, and the band, which claims rest on, of all.
    """

    task: str
    arm: str
    protocol: str
    role: str
    doubt: str = ""
    score: tuple[float, float, float] | None = None
    reach: Reach | None = None
    saved: Reach | None = None
    hours: float = 0.0
    pays_up_to: int | None = None
    claimed: bool = False


def outlooks(
    results: pd.DataFrame,
    utility: pd.DataFrame,
    metrics: Mapping[str, PrimaryMetric],
    seed: int,
    labels: int,
    targets: Mapping[str, float],
    hours: Mapping[str, float],
) -> Iterator[Outlook]:
    """Of every curve of a study that is no control, task by task, the baseline's first.

    labels: what there are or will be. targets: by task, scores to reach, in the metric's own unit. hours: by arm, of
    its pretraining.
    """
    curves = list(curves_of(results, metrics, ()))
    for task, metric in metrics.items():
        mine = [curve for curve in curves if curve.names["task"] == task]
        fits = _fits(mine, metric.higher_is_better, seed)
        base = next((fit for one, fit in fits if one.role == "baseline"), "it has no baseline")
        for curve, fit in fits:
            arm = str(curve.names["arm"])
            known = Outlook(task, arm, str(curve.names["protocol"]), curve.role, hours=hours.get(arm, 0.0))
            known = _sure(known, utility, labels)
            if isinstance(fit, str):
                yield replace(known, doubt=fit)
            else:
                continued = _continued(known, fit, labels, targets.get(task), metric.higher_is_better)
                saved = base.beyond(fit, labels) if known.role != "baseline" and isinstance(base, Forecast) else None
                yield replace(continued, saved=saved)


def _fits(curves: Sequence[Curve], higher: bool, seed: int) -> list[tuple[Curve, Forecast | str]]:
    """The curves of a task that are no controls, the baseline's first; each continued, or why it is not."""
    guesses = [_errors(curve, higher)[1] for curve in curves if is_blind(curve)]
    blind = min((float(np.nanmin(errors)) for errors in guesses if np.isfinite(errors).any()), default=None)
    told = sorted((one for one in curves if one.role != "control"), key=lambda one: one.role != "baseline")
    return [(one, _fitted(one, higher, blind, seed)) for one in told]


def _errors(curve: Curve, higher: bool) -> tuple[Floats, Floats]:
    budgets, values, _ = curve.table()
    return np.asarray(budgets, dtype=np.float64), 1 - values if higher else values


def _fitted(curve: Curve, higher: bool, blind: float | None, seed: int) -> Forecast | str:
    """blind: the error of the best constant guess, if it was measured."""
    budgets, errors = _errors(curve, higher)
    if doubt := distrust(budgets, errors, blind):
        return doubt
    return fit_curve(budgets, errors, numpy_generator("advice", seed, *map(str, curve.names.values())))


def _continued(known: Outlook, fit: Forecast, labels: int, target: float | None, higher: bool) -> Outlook:
    """With its score and what a target takes."""
    middle, low, high = (float(one[0]) for one in fit.errors(np.array([float(labels)])))
    score = (1 - middle, 1 - high, 1 - low) if higher else (middle, low, high)
    reach = fit.reach(1 - target if higher else target) if target is not None else None
    return replace(known, score=score, reach=reach)


def _sure(one: Outlook, utility: pd.DataFrame, labels: int) -> Outlook:
    """With what is claimed of it, by the band over all points."""
    rows = utility[(utility["arm"] == one.arm) & (utility["protocol"] == one.protocol) & (utility["task"] == one.task)]
    counted = (rows["sure_labels"] > rows["labels"]) | (rows["labels"] == rows["labels"].max())
    sure = rows.loc[(rows["sure_gain"] > 0) & counted, "labels"]
    last = rows.loc[rows["labels"] <= labels, "labels"].max()
    return replace(one, pays_up_to=int(sure.max()) if len(sure) else None, claimed=last in set(sure))
