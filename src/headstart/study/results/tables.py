"""The tables that answer a study: how well each arm does, and what its start is worth in labels."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from headstart.errors import ConfigError
from headstart.seeding import numpy_generator
from headstart.study.config.arms import BLIND
from headstart.study.results.metrics import PrimaryMetric
from headstart.study.results.plan_tables import CURVE
from headstart.utility import (
    Interpolation,
    TrialScores,
    UtilityEstimate,
    estimate_utility,
    mean_interval,
    reference_estimate,
)

__all__ = ["REFERENCE", "SUMMARY_COLUMNS", "UTILITY_COLUMNS", "summary_table", "utility_table"]

Row = dict[str, Any]
REFERENCE = "finetune"
"""The protocol of the baseline's that utility is read from."""
INTERVAL = ["value", "value_low", "value_high"]
SUMMARY_COLUMNS = [*CURVE, "role", "labels", "metric", "trials", "missing", *INTERVAL, "value_if_blind"]
ESTIMATE = [
    *INTERVAL, "equivalent_labels", "equivalent_low", "equivalent_high", "utility", "utility_low", "utility_high",
    "censored",
]  # fmt: skip
UTILITY_COLUMNS = [*CURVE, "labels", "metric", *ESTIMATE]


class _Curve(NamedTuple):
    """The test rows of one arm under one protocol. names: the columns that tell it from all others, in order."""

    names: Row
    role: str
    runs: pd.DataFrame


def summary_table(
    results: pd.DataFrame,
    metrics: Mapping[str, PrimaryMetric],
    *,
    varied: Sequence[str] = (),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per curve and budget: the primary metric's mean on the test split and Student's interval over trials.

    ``trials`` counts the runs behind the mean, ``missing`` those without a value, which are left out of it;
    ``value_if_blind`` is where the mean would be if these had scored what the blind guess scores there.
    """
    curves = list(_curves(results, metrics, varied))
    guesses = {
        _where(curve, varied): curve.runs.groupby("labels")["value"].mean() for curve in curves if _is_blind(curve)
    }
    rows: list[Row] = []
    for curve in curves:
        (scores,) = _paired_scores(curve.runs)
        value, low, high = mean_interval(scores.values, confidence)
        measured = np.isfinite(scores.values).sum(axis=0)
        missing = curve.runs.groupby("labels").size().to_numpy() - measured
        guess = guesses.get(_where(curve, varied), pd.Series(dtype=float)).reindex(scores.labels).to_numpy()
        moved = (np.nan_to_num(value) * measured + guess * missing) / (measured + missing)
        columns = (scores.labels.astype(int), measured, missing, value, low, high, np.where(missing > 0, moved, np.nan))
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
) -> pd.DataFrame:
    """One row per compared curve and budget: what its start is worth in labels, as ``UtilityEstimate`` explains.

    Read off the primary metric on the test split, against the baseline fine-tuned on the same dataset and task,
    whatever the arm's own protocol and backbone. Runs without a value are left out; where no run of a budget is left,
    its row says NaN. The draws of an arm depend on ``seed`` and the arm's names, not on its company.
    ``interpolation="reference"`` follows the original study's rule (see ``reference_estimate``), its one point between
    budgets rounded to whole labels. Raises ``ConfigError`` where that rule does not fit the metric.
    """
    curves = list(_curves(results, metrics, varied))
    baselines = {_where(curve, varied): curve.runs for curve in curves if _is_baseline(curve)}
    rows: list[Row] = []
    for curve in curves:
        if curve.role != "compared":
            continue
        metric = metrics[curve.names["task"]]
        generator = numpy_generator(seed, "utility", *curve.names.values())
        baseline, compared = _paired_scores(baselines.get(_where(curve, varied), curve.runs.iloc[:0]), curve.runs)
        estimate = _estimate(baseline, compared, metric, interpolation, generator, confidence, draws)
        rows += _rows(curve.names, metric, estimate)
    return pd.DataFrame(rows, columns=[*varied, *UTILITY_COLUMNS])


def _estimate(
    baseline: TrialScores,
    compared: TrialScores,
    metric: PrimaryMetric,
    interpolation: Interpolation,
    generator: np.random.Generator,
    confidence: float,
    draws: int,
) -> UtilityEstimate:
    if interpolation == "log":
        return estimate_utility(
            baseline,
            compared,
            generator,
            higher_is_better=metric.higher_is_better,
            confidence=confidence,
            draws=draws,
        )
    if not metric.higher_is_better:
        raise ConfigError(f"utility.interpolation 'reference' fits no error such as '{metric.name}': use 'log'")
    return reference_estimate(baseline, compared, confidence=confidence)


def _curves(results: pd.DataFrame, metrics: Mapping[str, PrimaryMetric], varied: Sequence[str]) -> Iterator[_Curve]:
    """The test rows of each task's primary metric: studies in the order of the suite, curves in that of their names."""
    primary = results["task"].map({task: metric.name for task, metric in metrics.items()})
    test = results[(results["split"] == "test") & (results["metric"] == primary)]
    columns = [*varied, *CURVE]
    studies = list(dict.fromkeys(test[list(varied)].itertuples(index=False, name=None)))
    curves = [(tuple(map(str, names)), runs) for names, runs in test.groupby(columns, sort=True)]
    for names, runs in sorted(curves, key=lambda curve: studies.index(curve[0][: len(varied)])):
        yield _Curve(dict(zip(columns, names, strict=True)), str(runs["role"].iloc[0]), runs)


def _where(curve: _Curve, varied: Sequence[str]) -> tuple[str, ...]:
    """What curves that are compared have in common."""
    return tuple(curve.names[column] for column in (*varied, "dataset", "task"))


def _is_baseline(curve: _Curve) -> bool:
    return curve.role == "baseline" and curve.names["protocol"] == REFERENCE


def _is_blind(curve: _Curve) -> bool:
    return curve.role == "control" and curve.names["arm"] == BLIND


def _paired_scores(*arms: pd.DataFrame) -> list[TrialScores]:
    """Values by trial and budget, NaN where a run failed or was never made; row r is the same trial in every arm."""
    trials = sorted(pd.concat([runs["trial"] for runs in arms]).unique())
    tables = [
        runs.pivot(index="trial", columns="labels", values="value").reindex(trials).astype(float) for runs in arms
    ]
    return [TrialScores(table.columns.to_numpy(dtype=np.float64), table.to_numpy()) for table in tables]


def _rows(names: Row, metric: PrimaryMetric, estimate: UtilityEstimate) -> Iterator[Row]:
    columns = [np.rint(estimate.labels).astype(int), *(getattr(estimate, name) for name in ESTIMATE)]
    for labels, *numbers in zip(*columns, strict=True):
        yield names | {"labels": labels, "metric": metric.name} | dict(zip(ESTIMATE, numbers, strict=True))
