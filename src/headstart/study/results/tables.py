"""The tables that answer a study: how well each arm does, and what its start is worth in labels."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headstart.errors import ConfigError
from headstart.seeding import numpy_generator
from headstart.study.config.arms import BLIND
from headstart.study.results.metrics import PrimaryMetric
from headstart.study.results.plan_tables import CURVE
from headstart.utility import (
    GainEstimate,
    Interpolation,
    StudyScores,
    UtilityEstimate,
    estimate_gains,
    estimate_utility,
    mean_interval,
    reference_estimate,
)

__all__ = ["REFERENCE", "SUMMARY_COLUMNS", "UTILITY_COLUMNS", "summary_table", "utility_table"]

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
Row = dict[str, Any]
REFERENCE = "finetune"
"""The protocol of the baseline's that utility is read from."""
INTERVAL = ["value", "value_low", "value_high"]
SUMMARY_COLUMNS = [*CURVE, "role", "labels", "metric", "trials", "missing", *INTERVAL, "value_if_blind"]
ESTIMATE = [
    *INTERVAL, "equivalent_labels", "equivalent_low", "equivalent_high", "utility", "utility_low", "utility_high",
    "censored",
]  # fmt: skip
GAIN = ["gain", "gain_low", "gain_high", "sure_gain"]
UTILITY_COLUMNS = [*CURVE, "labels", "metric", *ESTIMATE, *GAIN, "pretrainings"]
GAIN_ESTIMATE = ["gain", "low", "high", "sure"]
MOST_DRAWS = 5
"""A band over many studies lies far out in the tail: up to so many times the draws."""


class _Curve(NamedTuple):
    """The test rows of one arm under one protocol. names: the columns that tell it from all others, in order."""

    names: Row
    role: str
    runs: pd.DataFrame

    @property
    def pretrainings(self) -> int:
        """Pretrained networks that its runs began with."""
        return int(self.runs.loc[self.runs["pretraining"] != "", "pretraining"].nunique())

    def table(self) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
        """Budgets ``[K]``, values ``[K, R]``, NaN where a run has none, and the pretraining of each trial ``[R]``."""
        values = self.runs.pivot(index="labels", columns="trial", values="value")
        keys = self.runs.groupby("trial")["pretraining"].first().reindex(values.columns)
        codes = np.where(keys == "", -1, pd.factorize(keys)[0])
        return values.index.to_numpy(), values.to_numpy(dtype=np.float64), codes


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
        budgets, values, pretraining = curve.table()
        value, low, high = mean_interval(values, confidence, pretraining)
        measured = np.isfinite(values).sum(axis=1)
        missing = curve.runs.groupby("labels").size().to_numpy() - measured
        guess = guesses.get(_where(curve, varied), pd.Series(dtype=float)).reindex(budgets).to_numpy()
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
) -> pd.DataFrame:
    """One row per compared curve and budget: what its start is worth in labels, as ``UtilityEstimate`` explains, and in
    the metric's units, positive where it is better, as ``GainEstimate`` does.

    Read off the primary metric on the test split, against the baseline fine-tuned on the same dataset and task,
    whatever the arm's own protocol and backbone. Runs without a value are left out; where no run of a budget is left,
    its row says NaN. ``sure_gain`` is the lower end of one band over all rows of the table. ``pretrainings`` counts the
    pretrained networks behind a row. ``interpolation="reference"`` follows the original study's rule for labels (see
    ``reference_estimate``), its one point between budgets rounded to whole labels. hits: by job, which test images it
    got right; where all jobs that are compared have them, gains and utilities know that other test images might have
    been drawn. Raises ``ConfigError`` where that
    rule does not fit the metric.
    """
    curves = list(_curves(results, metrics, varied))
    places = dict.fromkeys(_where(curve, varied) for curve in curves if curve.role == "compared")
    band = 1 - (1 - confidence) / max(len(places), 1)
    rows: list[Row] = []
    for place in places:
        group = _Group.of([curve for curve in curves if _where(curve, varied) == place])
        metric = metrics[place[-1]]
        generator = numpy_generator(seed, "utility", *place)
        scores, guess = group.scores(metric, hits or {})
        gains = estimate_gains(
            scores,
            generator,
            guess=guess,
            confidence=confidence,
            band=band,
            draws=draws * min(len(places), MOST_DRAWS),
        )
        for index, estimate in enumerate(_estimates(scores, gains, metric, interpolation, confidence)):
            rows += _rows(group.compared[index], metric, estimate, scores, gains, index)
    return pd.DataFrame(rows, columns=[*varied, *UTILITY_COLUMNS])


class _Group(NamedTuple):
    """Curves that are read against one baseline. labels, trials: all that any of them has, ascending."""

    baseline: pd.DataFrame
    compared: list[_Curve]
    guesses: pd.Series
    labels: list[int]
    trials: list[int]

    @classmethod
    def of(cls, curves: Sequence[_Curve]) -> "_Group":
        nothing = curves[0].runs.iloc[:0]
        baselines = [curve.runs for curve in curves if _is_baseline(curve)]
        compared = [curve for curve in curves if curve.role == "compared"]
        runs = pd.concat([curve.runs for curve in compared] + baselines)
        guesses = [curve.runs.groupby("labels")["value"].mean() for curve in curves if _is_blind(curve)]
        return cls(
            baselines[0] if baselines else nothing,
            compared,
            guesses[0] if guesses else pd.Series(dtype=float),
            sorted(runs["labels"].unique()),
            sorted(runs["trial"].unique()),
        )

    def scores(self, metric: PrimaryMetric, hits: Mapping[str, NDArray[np.bool_]]) -> tuple[StudyScores, Floats]:
        """Higher is better in all of them; and the blind guess's by budget."""
        sign = 1.0 if metric.higher_is_better else -1.0
        runs = [curve.runs for curve in self.compared]
        scores = StudyScores(
            np.array(self.labels, dtype=np.float64),
            sign * self._values(self.baseline),
            sign * np.stack([self._values(own) for own in runs]),
            self._pretraining(runs),
            self._per_image(hits),
        )
        return scores, sign * self.guesses.reindex(self.labels).to_numpy(dtype=np.float64)

    def _values(self, runs: pd.DataFrame) -> Floats:
        """``[K, R]``, NaN where a run failed or was never made."""
        table = runs.pivot(index="labels", columns="trial", values="value")
        return table.reindex(index=self.labels, columns=self.trials).to_numpy(dtype=np.float64)

    def _per_image(self, hits: Mapping[str, NDArray[np.bool_]]) -> tuple[Floats32, Floats32] | None:
        """Of the baseline ``[K, R, N]`` and of the compared curves ``[C, K, R, N]``; NaN where a run has no value."""
        curves = [self.baseline, *(curve.runs for curve in self.compared)]
        jobs = [runs.loc[runs["value"].notna(), ["labels", "trial", "job"]] for runs in curves]
        sizes = {len(hits[job]) if job in hits else 0 for own in jobs for job in own["job"]}
        if len(sizes) != 1 or sizes == {0}:
            return None
        found = np.full((len(curves), len(self.labels), len(self.trials), sizes.pop()), np.nan, dtype=np.float32)
        for place, own in enumerate(jobs):
            for labels, trial, job in own.itertuples(index=False):
                found[place, self.labels.index(labels), self.trials.index(trial)] = hits[job]
        return found[0], found[1:]

    def _pretraining(self, runs: Sequence[pd.DataFrame]) -> NDArray[np.int64]:
        """Of each curve and trial ``[C, R]``; where the baseline was pretrained as well, of the pair of them."""
        baseline, *keys = (self._keys(own) for own in (self.baseline, *runs))
        pairs = np.array([[f"{one} {other}" for one, other in zip(own, baseline, strict=True)] for own in keys])
        codes = np.unique(pairs, return_inverse=True)[1].reshape(pairs.shape)
        return np.where(pairs == " ", -1, codes)

    def _keys(self, runs: pd.DataFrame) -> list[str]:
        found: pd.Series = runs.groupby("trial")["pretraining"].first().reindex(self.trials)
        return [str(key) for key in found.fillna("")]


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


def _rows(
    curve: _Curve,
    metric: PrimaryMetric,
    estimate: UtilityEstimate,
    scores: StudyScores,
    gains: GainEstimate,
    index: int,
) -> Iterator[Row]:
    """A row for every budget that the curve has, and for the point between budgets that the reference's rule adds."""
    columns = [estimate.labels, *(getattr(estimate, name) for name in ESTIMATE)]
    planned = set(curve.runs["labels"])
    for labels, *numbers in zip(*columns, strict=True):
        budget = np.flatnonzero(scores.labels == labels)
        if len(budget) and labels not in planned:
            continue
        ends = [getattr(gains, name)[index, budget[0]] if len(budget) else np.nan for name in GAIN_ESTIMATE]
        named = curve.names | {"labels": round(labels), "metric": metric.name}
        own = dict(zip([*ESTIMATE, *GAIN], [*numbers, *ends], strict=True))
        yield named | own | {"pretrainings": curve.pretrainings}
