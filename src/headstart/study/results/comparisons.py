"""Results as curves, and the curves that are read against one baseline as arrays."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headstart.study.config.arms import BLIND, REFERENCE
from headstart.study.results.metrics import PrimaryMetric
from headstart.study.results.plan_tables import CURVE
from headstart.utility import StudyScores

__all__ = ["Comparison", "Curve", "curves_of", "is_blind", "place_of", "where_compared"]

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]


class Curve(NamedTuple):
    """The test rows of one arm under one protocol. names: the columns that tell it from all others, in order."""

    names: dict[str, Any]
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


def curves_of(results: pd.DataFrame, metrics: Mapping[str, PrimaryMetric], varied: Sequence[str]) -> Iterator[Curve]:
    """The test rows of each task's primary metric: studies in the order of the suite, curves in that of their names."""
    primary = results["task"].map({task: metric.name for task, metric in metrics.items()})
    test = results[(results["split"] == "test") & (results["metric"] == primary)]
    columns = [*varied, *CURVE]
    studies = list(dict.fromkeys(test[list(varied)].itertuples(index=False, name=None)))
    curves = [(tuple(map(str, names)), runs) for names, runs in test.groupby(columns, sort=True)]
    for names, runs in sorted(curves, key=lambda curve: studies.index(curve[0][: len(varied)])):
        yield Curve(dict(zip(columns, names, strict=True)), str(runs["role"].iloc[0]), runs)


def place_of(curve: Curve, varied: Sequence[str]) -> tuple[str, ...]:
    """What curves that are compared have in common."""
    return tuple(curve.names[column] for column in (*varied, "dataset", "task"))


def where_compared(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of budgets at which something is compared: utility may be read off a baseline that has more of them.
    All rows where nothing is."""
    compared = rows.loc[rows["role"] == "compared", "labels"]
    return rows[rows["labels"].isin(compared)] if len(compared) else rows


def is_baseline(curve: Curve) -> bool:
    return curve.role == "baseline" and curve.names["protocol"] == REFERENCE


def is_blind(curve: Curve) -> bool:
    return curve.role == "control" and curve.names["arm"] == BLIND


class Comparison(NamedTuple):
    """Curves that are read against one baseline. labels, trials: all that any of them has, ascending."""

    baseline: pd.DataFrame
    compared: list[Curve]
    guesses: pd.Series
    labels: list[int]
    trials: list[int]

    @classmethod
    def of(cls, curves: Sequence[Curve]) -> "Comparison":
        nothing = curves[0].runs.iloc[:0]
        baselines = [curve.runs for curve in curves if is_baseline(curve)]
        compared = [curve for curve in curves if curve.role == "compared"]
        runs = pd.concat([curve.runs for curve in compared] + baselines)
        guesses = [curve.runs.groupby("labels")["value"].mean() for curve in curves if is_blind(curve)]
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
