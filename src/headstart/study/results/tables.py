"""The tables that answer a study: how well each arm does, and what its start is worth in labels."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headstart.errors import ConfigError
from headstart.seeding import numpy_generator
from headstart.study.results.comparisons import Comparison, Curve, curves_of, is_blind, place_of
from headstart.study.results.metrics import PrimaryMetric
from headstart.study.results.plan_tables import CURVE
from headstart.utility import (
    GainEstimate,
    Interpolation,
    Looks,
    StudyScores,
    UtilityEstimate,
    estimate_gains,
    estimate_utility,
    mean_interval,
    reference_estimate,
)

__all__ = ["SUMMARY_COLUMNS", "UTILITY_COLUMNS", "summary_table", "utility_table"]

Row = dict[str, Any]
INTERVAL = ["value", "value_low", "value_high"]
SUMMARY_COLUMNS = [*CURVE, "role", "labels", "metric", "trials", "missing", *INTERVAL, "value_if_blind"]
ESTIMATE = [
    *INTERVAL, "equivalent_labels", "equivalent_low", "equivalent_high", "utility", "utility_low", "utility_high",
    "sure_labels", "censored",
]  # fmt: skip
GAIN = ["gain", "gain_low", "gain_high", "sure_gain"]
UTILITY_COLUMNS = [*CURVE, "labels", "metric", *ESTIMATE, *GAIN, "pretrainings"]
GAIN_ESTIMATE = ["gain", "low", "high", "sure"]
MOST_DRAWS = 5
"""A band over many studies lies far out in the tail: up to so many times the draws."""


def summary_table(
    results: pd.DataFrame,
    metrics: Mapping[str, PrimaryMetric],
    *,
    varied: Sequence[str] = (),
    confidence: float = 0.95,
    looks: Looks | None = None,
) -> pd.DataFrame:
    """One row per curve and budget: the primary metric's mean on the test split and Student's interval over trials.

    looks: those that are taken while trials are added, all of which together keep ``confidence``.

    ``trials`` counts the runs behind the mean, ``missing`` those without a value, which are left out of it;
    ``value_if_blind`` is where the mean would be if these had scored what the blind guess scores there.
    """
    curves = list(curves_of(results, metrics, varied))
    guesses = {
        place_of(curve, varied): curve.runs.groupby("labels")["value"].mean() for curve in curves if is_blind(curve)
    }
    rows: list[Row] = []
    for curve in curves:
        budgets, values, pretraining = curve.table()
        level = looks.confidence(values.shape[1], confidence) if looks else confidence
        value, low, high = mean_interval(values, level, pretraining)
        measured = np.isfinite(values).sum(axis=1)
        missing = curve.runs.groupby("labels").size().to_numpy() - measured
        guess = guesses.get(place_of(curve, varied), pd.Series(dtype=float)).reindex(budgets).to_numpy()
        moved = (np.nan_to_num(value) * measured + guess * missing) / (measured + missing)
        columns = (budgets, measured, missing, value, low, high, np.where(missing > 0, moved, np.nan))
        for labels, *numbers in zip(*columns, strict=True):
            named = curve.names | {"role": curve.role, "labels": labels, "metric": metrics[curve.names["task"]].name}
            rows.append(named | dict(zip(["trials", "missing", *INTERVAL, "value_if_blind"], numbers, strict=True)))
    return pd.DataFrame(rows, columns=[*varied, *SUMMARY_COLUMNS])


def utility_table(
    results: pd.DataFrame,
    metrics: Mapping[str, PrimaryMetric],
    *,
    varied: Sequence[str] = (),
    interpolation: Interpolation = "log",
    confidence: float = 0.95,
    draws: int = 2000,
    seed: int,
    hits: Mapping[str, NDArray[np.bool_]] | None = None,
    looks: Looks | None = None,
) -> pd.DataFrame:
    """One row per compared curve and budget: what its start is worth in labels, as ``UtilityEstimate`` explains, and in
    the metric's units, positive where it is better, as ``GainEstimate`` does.

    Read off the primary metric on the test split, against the baseline fine-tuned on the same dataset and task,
    whatever the arm's own protocol and backbone. Runs without a value are left out; where no run of a budget is left,
    its row says NaN. ``sure_gain`` and ``sure_labels`` are lower ends of one band over all rows of the table, in the
    metric's units and in equivalent labels. ``pretrainings`` counts the pretrained networks behind a row.
    ``interpolation="reference"`` follows the original study's rule for labels (see ``reference_estimate``); its one
    point between budgets stands at whole labels there, and is left out where none lie between them. hits: by job, which
    test images it got right; where all jobs that are compared have them, gains and utilities know that other test
    images might have been drawn. looks: as for ``summary_table``. Raises ``ConfigError`` where the original study's
    rule does not fit the metric.
    """
    curves = list(curves_of(results, metrics, varied))
    places = dict.fromkeys(place_of(curve, varied) for curve in curves if curve.role == "compared")
    rows: list[Row] = []
    for place in places:
        group = Comparison.of([curve for curve in curves if place_of(curve, varied) == place])
        metric = metrics[place[-1]]
        generator = numpy_generator(seed, "utility", *place)
        scores, guess = group.scores(metric, hits or {})
        level = looks.confidence(len(group.trials), confidence) if looks else confidence
        gains = estimate_gains(
            scores,
            generator,
            guess=guess,
            confidence=level,
            band=1 - (1 - level) / len(places),
            draws=draws * min(len(places), MOST_DRAWS),
        )
        for index, estimate in enumerate(_estimates(scores, gains, metric, interpolation, level)):
            rows += _rows(group.compared[index], metric, estimate, scores, gains, index)
    return pd.DataFrame(rows, columns=[*varied, *UTILITY_COLUMNS])


def _estimates(
    scores: StudyScores, gains: GainEstimate, metric: PrimaryMetric, interpolation: Interpolation, confidence: float
) -> list[UtilityEstimate]:
    """Of each curve, values in the metric's units."""
    curves = range(len(scores.compared))
    if interpolation == "log":
        found = estimate_utility(scores, gains, confidence=confidence)
        return [found.curve(index) if metric.higher_is_better else found.curve(index).negated() for index in curves]
    if not metric.higher_is_better:
        raise ConfigError(f"utility.interpolation 'reference' fits no error such as '{metric.name}': use 'log'")
    return [reference_estimate(scores, index, confidence=confidence) for index in curves]


def _rows(
    curve: Curve,
    metric: PrimaryMetric,
    estimate: UtilityEstimate,
    scores: StudyScores,
    gains: GainEstimate,
    index: int,
) -> Iterator[Row]:
    """A row for every budget that the curve has, and for the point between budgets that the reference's rule adds."""
    columns = [estimate.labels, *(getattr(estimate, name) for name in ESTIMATE)]
    planned = curve.runs["labels"].unique()
    for place, (labels, *numbers) in enumerate(zip(*columns, strict=True)):
        measured = labels in scores.labels and labels not in estimate.labels[:place]
        whole = labels if measured else _between(labels, planned)
        if whole is None or (measured and labels not in planned):
            continue
        budget = np.searchsorted(scores.labels, labels)
        ends = [getattr(gains, name)[index, budget] if measured else np.nan for name in GAIN_ESTIMATE]
        named = curve.names | {"labels": int(whole), "metric": metric.name}
        own = dict(zip([*ESTIMATE, *GAIN], [*numbers, *ends], strict=True))
        yield named | own | {"pretrainings": curve.pretrainings}


def _between(labels: float, budgets: NDArray[np.int64]) -> int | None:
    """The whole number nearest to ``labels`` of those between two ``budgets``, if any is: a row is known by its labels,
    and that of a budget tells of the runs there."""
    before, after = budgets[budgets <= labels].max(initial=0), budgets[budgets > labels].min()
    return min(max(round(labels), before + 1), after - 1) if after - before > 1 else None
