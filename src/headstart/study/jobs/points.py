"""One measured point of a study: what its two kinds, trained and guessed, have in common."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from headstart.data.batches.budgets import label_order
from headstart.errors import DataError
from headstart.files import write_atomic
from headstart.registry import code_of
from headstart.seeding import numpy_generator
from headstart.study.jobs.answers import ANSWERS
from headstart.study.jobs.base import Job
from headstart.study.jobs.dataset import DatasetJob
from headstart.study.jobs.hits import HITS
from headstart.study.jobs.targets import TargetsJob
from headstart.tasks import TASKS

if TYPE_CHECKING:
    from headstart.data.dataset import Dataset, ImageSet
    from headstart.tasks import Task
    from headstart.training import Failure

__all__ = ["Measured", "PointJob", "unmeasured", "write_records"]

RECORDS = "records.json"
Measured = dict[str, dict[str, float]]
"""Metrics by name, by split."""


@dataclass(frozen=True)
class PointJob(Job):
    """``task`` learned from ``labels`` labels, the ``trial``-th time, and measured. seed: the study's. by_group:
    whether labels are drawn by whole groups."""

    dataset: DatasetJob
    task: str
    labels: int
    trial: int
    seed: int
    by_group: bool = field(default=False, kw_only=True)

    keepsakes: ClassVar[tuple[str, ...]] = (ANSWERS, HITS)
    told_in: ClassVar[tuple[str, ...]] = (RECORDS,)

    def identity(self) -> dict[str, Any]:
        point = {"task": self.task, "labels": self.labels, "trial": self.trial, "seed": self.seed}
        drawn = {"labels_by": "group"} if self.by_group else {}
        return point | drawn | {"task_code": code_of(TASKS.traits(self.task))}

    @property
    def inputs(self) -> tuple[Job, ...]:
        return (self.dataset, TargetsJob(self.dataset, self.task))

    @property
    def steps(self) -> int:
        """Steps of training from labels."""
        return 0

    def outcome(self, folder: Path) -> dict[str, Any]:
        """``records``, of ``split``, ``metric`` and ``value`` each, and the ``failure`` that left them without
        values."""
        measured: dict[str, Any] = json.loads((folder / RECORDS).read_text())
        return measured

    def labelled(self, dataset: Dataset, task: Task) -> ImageSet:
        """The trial's labels: the same for every arm, and part of those of every larger budget.

        Raises ``DataError`` where duplicates were taken out of training and what is left is less than the budget.
        """
        import torch

        targets = dataset.train.targets
        if self.labels > len(dataset.train):
            raise DataError(
                f"without duplicates, {len(dataset.train)} training images are left, fewer than the budget of "
                f"{self.labels}: lower it, or keep duplicates"
            )
        generator = numpy_generator(self.seed, "labels", dataset.fingerprint, self.task, self.trial)
        groups = targets["group"].cpu() if self.by_group else None
        order = label_order(task.strata(targets[task.target]), generator, groups)
        return dataset.train.subset(torch.from_numpy(order[: self.labels]))


def unmeasured(task: Task, dataset: Dataset) -> Measured:
    """A failed run is a number that is not there, not one that is left out."""
    return {split: {task.primary_metric: math.nan} for split in dataset.splits if split != "train"}


def write_records(folder: Path, measured: Measured, failure: Failure | None = None) -> None:
    """What was measured, and why nothing was, if so."""
    records = [
        {"split": split, "metric": metric, "value": None if math.isnan(value) else value}
        for split, metrics in measured.items()
        for metric, value in metrics.items()
    ]
    payload = {"records": records, "failure": asdict(failure) if failure else None}
    write_atomic(folder / RECORDS, json.dumps(payload, indent=1).encode(), sync=False)
