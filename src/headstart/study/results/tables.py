"""The tables that answer a study: accuracy per arm, utility per arm, and the runs that failed."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pyarrow import ArrowException

from headstart.errors import ConfigError, StoreError
from headstart.folder import write_atomic
from headstart.registry import lookup
from headstart.seeding import numpy_generator
from headstart.study.config.arms import CONTROLS, SCRATCH
from headstart.tasks import TASKS
from headstart.utility import (
    Interpolation,
    TrialScores,
    UtilityEstimate,
    estimate_utility,
    mean_interval,
    reference_estimate,
)

__all__ = [
    "SUMMARY_COLUMNS",
    "UTILITY_COLUMNS",
    "Arm",
    "PrimaryMetric",
    "failures",
    "primary_metrics",
    "read_table",
    "summary_table",
    "utility_table",
    "write_table",
]

Row = dict[str, Any]


class Arm(NamedTuple):
    """What a curve belongs to: the columns that name it in every table."""

    dataset: str
    pretrain_dataset: str
    task: str
    backbone: str
    method: str
    protocol: str

    def scratch(self) -> "Arm":
        """The arm that this one is measured against: whole networks trained from random weights."""
        return self._replace(pretrain_dataset="", method=SCRATCH, protocol="finetune")


INTERVAL = ["value", "value_low", "value_high"]
SUMMARY_COLUMNS = [*Arm._fields, "labels", "metric", "trials", "failed", *INTERVAL]
UTILITY_COLUMNS = [
    *Arm._fields, "labels", "metric", *INTERVAL, "equivalent_labels", "equivalent_low", "equivalent_high",
    "utility", "utility_low", "utility_high", "censored",
]  # fmt: skip


class PrimaryMetric(NamedTuple):
    """What a task is judged by, and which way is up."""

    name: str
    higher_is_better: bool = True


def primary_metrics(tasks: Iterable[str]) -> dict[str, PrimaryMetric]:
    """The primary metric of each task by name."""
    found = {name: lookup(TASKS, "task", name) for name in tasks}
    return {name: PrimaryMetric(task.primary_metric, task.higher_is_better) for name, task in found.items()}


def summary_table(
    results: pd.DataFrame, metrics: Mapping[str, PrimaryMetric], *, confidence: float = 0.95
) -> pd.DataFrame:
    """One row per arm and budget: the primary metric's mean on the test split and Student's interval over trials.

    ``trials`` counts the runs behind the mean, ``failed`` those without a value, which are left out of it.
    """
    rows: list[Row] = []
    for arm, runs in _arms(results, metrics):
        (scores,) = _paired_scores(runs)
        value, low, high = mean_interval(scores.values, confidence)
        measured = np.isfinite(scores.values).sum(axis=0)
        attempted = runs.groupby("labels").size().to_numpy()
        columns = (scores.labels.astype(int), measured, attempted - measured, value, low, high)
        for labels, *numbers in zip(*columns, strict=True):
            rows.append(dict(zip(SUMMARY_COLUMNS, [*arm, labels, metrics[arm.task].name, *numbers], strict=True)))
    return pd.DataFrame(rows, columns=SUMMARY_COLUMNS)


def utility_table(
    results: pd.DataFrame,
    metrics: Mapping[str, PrimaryMetric],
    *,
    interpolation: Interpolation = "log",
    confidence: float = 0.95,
    draws: int = 2000,
    seed: int,
) -> pd.DataFrame:
    """One row per pretrained arm and budget: what it is worth in labels, as ``UtilityEstimate`` explains.

    Read off the primary metric on the test split, against scratch fine-tuned on the same dataset, task and backbone,
    whatever the arm's own protocol. Runs that failed are left out (``failures`` lists them); where no run of a budget
    is left, its row says NaN. The draws of an arm depend on ``seed`` and the arm's names, not on its company.
    ``interpolation="reference"`` follows the original study's rule (see ``reference_estimate``), its one point between
    budgets rounded to whole labels. Raises ``ConfigError`` where that rule does not fit the metric.
    """
    arms = dict(_arms(results, metrics))
    rows: list[Row] = []
    for arm, runs in arms.items():
        if arm.method in CONTROLS:
            continue
        metric = metrics[arm.task]
        scratch, pretrained = _paired_scores(arms.get(arm.scratch(), runs.iloc[:0]), runs)
        if interpolation == "log":
            found = estimate_utility(
                scratch,
                pretrained,
                numpy_generator(seed, "utility", *arm),
                higher_is_better=metric.higher_is_better,
                confidence=confidence,
                draws=draws,
            )
        elif metric.higher_is_better:
            found = reference_estimate(scratch, pretrained, confidence=confidence)
        else:
            raise ConfigError(f"utility.interpolation 'reference' fits no error such as '{metric.name}': use 'log'")
        rows += _rows(arm, metric, found)
    return pd.DataFrame(rows, columns=UTILITY_COLUMNS)


def failures(results: pd.DataFrame) -> pd.DataFrame:
    """The runs without a value, one row each: arm, labels, trial and job."""
    failed = results[results["value"].isna()]
    return failed[[*Arm._fields, "labels", "trial", "job"]].drop_duplicates("job").reset_index(drop=True)


def write_table(table: pd.DataFrame, stem: Path) -> None:
    """Write ``stem.parquet``, to be read again, and ``stem.csv``, for people. Equal tables give equal bytes."""
    write_atomic(stem.with_name(f"{stem.name}.parquet"), table.to_parquet(index=False))
    write_atomic(stem.with_name(f"{stem.name}.csv"), table.to_csv(index=False, lineterminator="\n").encode())


def read_table(stem: Path) -> pd.DataFrame:
    """The table that ``write_table`` wrote. Raises ``StoreError`` where there is none or it is damaged."""
    path = stem.with_name(f"{stem.name}.parquet")
    try:
        return pd.read_parquet(path)
    except (OSError, ArrowException) as error:
        raise StoreError(f"{path} cannot be read ({error}): write it again with `headstart study report`") from error


def _arms(results: pd.DataFrame, metrics: Mapping[str, PrimaryMetric]) -> Iterator[tuple[Arm, pd.DataFrame]]:
    """The test rows of each task's primary metric, arm by arm in the order of their names."""
    primary = results["task"].map({task: metric.name for task, metric in metrics.items()})
    test = results[(results["split"] == "test") & (results["metric"] == primary)]
    for key, runs in test.groupby(list(Arm._fields), sort=True):
        yield Arm(*map(str, key)), runs


def _paired_scores(*arms: pd.DataFrame) -> list[TrialScores]:
    """Values by trial and budget, NaN where a run failed or was never made; row r is the same trial in every arm."""
    trials = sorted(pd.concat([runs["trial"] for runs in arms]).unique())
    tables = [
        runs.pivot(index="trial", columns="labels", values="value").reindex(trials).astype(float) for runs in arms
    ]
    return [TrialScores(table.columns.to_numpy(dtype=np.float64), table.to_numpy()) for table in tables]


def _rows(arm: Arm, metric: PrimaryMetric, found: UtilityEstimate) -> Iterator[Row]:
    measured = UTILITY_COLUMNS[UTILITY_COLUMNS.index("value") :]
    columns = [np.rint(found.labels).astype(int), *(getattr(found, name) for name in measured)]
    for labels, *numbers in zip(*columns, strict=True):
        yield dict(zip(UTILITY_COLUMNS, [*arm, labels, metric.name, *numbers], strict=True))
