"""One measured point of a study: what its two kinds, trained and guessed, have in common."""

import json
import math
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from headstart.data.batches.budgets import label_order
from headstart.data.dataset import Dataset, ImageSet
from headstart.folder import write_atomic
from headstart.seeding import numpy_generator
from headstart.study.config.study import BackboneChoice
from headstart.study.jobs.base import Job
from headstart.study.jobs.dataset import DatasetJob
from headstart.tasks import Task
from headstart.training import Failure

__all__ = ["FAILURE", "RECORDS", "Measured", "PointJob", "unmeasured", "write_records"]

RECORDS, FAILURE = "records.json", "failure.json"
Measured = dict[str, dict[str, float]]
"""Metrics by name, by split."""


@dataclass(frozen=True)
class PointJob(Job):
    """``task`` learned from ``labels`` labels, the ``trial``-th time, and measured."""

    dataset: DatasetJob
    backbone: BackboneChoice
    task: str
    labels: int
    trial: int
    seed: int

    @property
    @abstractmethod
    def place(self) -> dict[str, Any]:
        """What names the arm in tables: ``method``, ``protocol``, ``pretrain_dataset``, and its ``steps``."""

    def row(self) -> dict[str, Any]:
        """The columns of the results table that name this point."""
        return {
            "dataset": self.dataset.source.name,
            "task": self.task,
            "backbone": self.backbone.label,
            "labels": self.labels,
            "trial": self.trial,
            "job": self.key,
        } | self.place

    @property
    def title(self) -> str:
        named = self.place
        return f"{named['method']}, {self.task}, {named['protocol']}, {self.labels} labels, trial {self.trial + 1}"

    def labelled(self, dataset: Dataset, task: Task) -> ImageSet:
        """The trial's labels: the same for every arm, and part of those of every larger budget."""
        generator = numpy_generator(self.seed, "labels", dataset.fingerprint, self.task, self.trial)
        order = label_order(task.strata(dataset.train.targets[task.target]), generator)
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
    if failure:
        write_atomic(folder / FAILURE, json.dumps({"step": failure.step, "reason": failure.reason}).encode())
    write_atomic(folder / RECORDS, json.dumps(records, indent=1).encode())
