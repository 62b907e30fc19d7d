"""What to do next: labels to reach a target, what a start saves in labels and money, and where it stops paying."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headstart.api import Study
from headstart.errors import ConfigError
from headstart.outlook import Advice, Outlook
from headstart.seeding import numpy_generator
from headstart.study.results.comparisons import Curve, curves_of, is_blind
from headstart.utility.forecast import FARTHEST, Forecast, distrust, fit_curve

__all__ = ["Advice", "Outlook", "advise"]

Floats = NDArray[np.float64]
HOUR = 3600.0


def advise(run: Path | str, *, labels: int | None = None, target: float | None = None) -> Advice:
    """Learning curves of a study, continued: what to expect of each start.

    labels: what there are or will be; default: the largest budget. target: a score to reach, in the metric's own unit,
    0.9 for 90 %. Raises ``ConfigError`` for numbers that make no sense.

    >>> advise("runs/quickstart", target=0.9).outlooks[0].reach  # doctest: +SKIP
    Reach(labels=58.0, low=50.0, high=73.0)
    """
    study = Study.load(run)
    info, results = study.run.info, study.results
    if info.varied:
        raise ConfigError(f"{study.folder} varies {', '.join(info.varied)}: ask a study of one of its values")
    most = max(info.budgets)
    labels = most if labels is None else labels
    if not min(info.budgets) <= labels <= FARTHEST * most:
        raise ConfigError(
            f"--labels {labels} lies beyond what can be told: give {min(info.budgets)} to {FARTHEST * most:.0f}, ten "
            "times the largest budget"
        )
    _check_target(study, target)
    found = tuple(_outlooks(study, list(curves_of(results, info.metrics, ())), labels, target))
    return Advice(found, labels, target, {task: metric.name for task, metric in info.metrics.items()})


def _check_target(study: Study, target: float | None) -> None:
    info = study.run.info
    if target is None:
        return
    if len(info.metrics) > 1:
        raise ConfigError("--target is a score of one task, and this study has several: leave it out")
    (metric,) = info.metrics.values()
    if metric.higher_is_better and not 0 < target < 1:
        raise ConfigError(f"--target {target} is no share: give {metric.name} between 0 and 1, such as 0.9")
    if target <= 0:
        raise ConfigError(f"--target {target} cannot be reached: give {metric.name} above 0")


def _outlooks(study: Study, curves: list[Curve], labels: int, target: float | None) -> Iterator[Outlook]:
    info = study.run.info
    for task, metric in info.metrics.items():
        higher = metric.higher_is_better
        mine = [curve for curve in curves if curve.names["task"] == task]
        blind = next((_errors(curve, higher) for curve in mine if is_blind(curve)), None)
        told = sorted((one for one in mine if one.role != "control"), key=lambda one: one.role != "baseline")
        fits = [_fitted(one, higher, blind, info.seed) for one in told]
        base = next((fit for one, fit in zip(told, fits, strict=True) if one.role == "baseline"), "it has no baseline")
        for curve, fit in zip(told, fits, strict=True):
            known = Outlook(task, str(curve.names["arm"]), str(curve.names["protocol"]), curve.role)
            if isinstance(fit, str):
                yield replace(known, doubt=fit)
            else:
                yield _with_gains(study, _continued(known, fit, labels, target, higher), fit, base, labels)


def _errors(curve: Curve, higher: bool) -> tuple[Floats, Floats]:
    budgets, values, _ = curve.table()
    return np.asarray(budgets, dtype=np.float64), 1 - values if higher else values


def _fitted(curve: Curve, higher: bool, blind: tuple[Floats, Floats] | None, seed: int) -> Forecast | str:
    """The curve continued, or why it is not."""
    budgets, errors = _errors(curve, higher)
    if doubt := distrust(budgets, errors, float(np.nanmin(blind[1])) if blind else None):
        return doubt
    return fit_curve(budgets, errors, numpy_generator("advice", seed, *map(str, curve.names.values())))


def _continued(known: Outlook, fit: Forecast, labels: int, target: float | None, higher: bool) -> Outlook:
    """With its score and what a target takes."""
    middle, low, high = (float(one[0]) for one in fit.errors(np.array([float(labels)])))
    score = (1 - middle, 1 - high, 1 - low) if higher else (middle, low, high)
    reach = fit.reach(1 - target if higher else target) if target is not None else None
    return replace(known, score=score, reach=reach)


def _with_gains(study: Study, known: Outlook, fit: Forecast, base: Forecast | str, labels: int) -> Outlook:
    """With what it saves the baseline, what it cost, and how far it pays."""
    saved = base.beyond(fit, labels) if known.role != "baseline" and isinstance(base, Forecast) else None
    return replace(known, saved=saved, hours=_hours(study, known.arm), pays_up_to=_pays_up_to(study.utility, known))


def _hours(study: Study, arm: str) -> float:
    """Of all pretrainings of an arm, on the machine that did them."""
    jobs, outcomes = study.run.pretrainings, study.run.outcomes()
    mine = jobs.loc[jobs["arm"] == arm, "job"].unique()
    return sum(outcomes[key].seconds for key in mine if key in outcomes) / HOUR


def _pays_up_to(utility: pd.DataFrame, one: Outlook) -> int | None:
    rows = utility[(utility["arm"] == one.arm) & (utility["protocol"] == one.protocol) & (utility["task"] == one.task)]
    sure = rows[(rows["sure_gain"] > 0) & (rows["sure_labels"] > rows["labels"])]
    return int(sure["labels"].max()) if len(sure) else None
