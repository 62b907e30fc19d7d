"""One measured point: an arm, a protocol, a label budget and a trial."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch

from headstart.backbones import Backbone, build_backbone
from headstart.data.augment import AugmentConfig
from headstart.data.budgets import label_order
from headstart.data.dataset import Dataset, ImageSet
from headstart.folder import write_atomic
from headstart.seeding import derive_seed, numpy_generator, torch_generator
from headstart.study.config import BackboneChoice
from headstart.study.jobs import Job, RunContext
from headstart.study.pretrain_jobs import DatasetJob, PretrainJob, hardware_identity, prepared_dataset
from headstart.tasks import TASKS, Task
from headstart.training import Failure, TrainConfig, discard_checkpoint, evaluate, fit

__all__ = ["FAILURE", "RECORDS", "TrialJob"]

RECORDS, FAILURE = "records.json", "failure.json"
SCRATCH = "scratch"


@dataclass(frozen=True)
class TrialJob(Job):
    """Learn ``task`` from ``labels`` labels and measure it; ``start`` is the pretraining, or ``None`` for scratch."""

    dataset: DatasetJob
    start: PretrainJob | None
    backbone: BackboneChoice
    task: str
    protocol: str
    labels: int
    trial: int
    train: TrainConfig
    augment: AugmentConfig
    seed: int

    kind: ClassVar[str] = "trial"
    version: ClassVar[int] = 1

    def identity(self) -> dict[str, Any]:
        return {
            "backbone": self.backbone.model_dump(),
            "task": self.task,
            "protocol": self.protocol,
            "labels": self.labels,
            "trial": self.trial,
            "train": self.train.model_dump(mode="json") | hardware_identity(self.train),
            "augment": self.augment.model_dump(),
            "seed": self.seed,
        }

    @property
    def inputs(self) -> tuple[Job, ...]:
        return (self.dataset, self.start) if self.start else (self.dataset,)

    @property
    def arm(self) -> str:
        return self.start.method if self.start else SCRATCH

    @property
    def cost(self) -> int:
        """A frozen backbone is passed once per image, which is about a third of an image-step."""
        return self.labels // 3 if self.protocol != "finetune" else self.train.steps * self.train.batch_size

    @property
    def title(self) -> str:
        return f"{self.arm}, {self.protocol}, {self.labels} labels, trial {self.trial + 1}"

    @property
    def group(self) -> str:
        return (self.start or self.dataset).key

    def row(self) -> dict[str, Any]:
        """The columns of the results table that name this point."""
        pretrained_on = self.start.dataset.source.name if self.start else ""
        return {
            "dataset": self.dataset.source.name,
            "pretrain_dataset": pretrained_on,
            "task": self.task,
            "backbone": self.backbone.label,
            "method": self.arm,
            "protocol": self.protocol,
            "labels": self.labels,
            "trial": self.trial,
            "steps": self.train.steps,
            "job": self.key,
        }

    def run(self, context: RunContext) -> None:
        dataset = prepared_dataset(context.input(self.dataset))
        task = TASKS[self.task](dataset.classes)
        failure = self.start.failure(context.input(self.start)) if self.start else None
        if failure:
            failure = Failure(failure.step, f"pretraining failed: {failure.reason}")
            _write(context.folder, _unmeasured(task, dataset), failure)
            return
        model, report = fit(
            self.protocol,
            self._backbone(context, dataset),
            task,
            self._labelled(dataset, task),
            self.train,
            seed=derive_seed(self.seed, "trial", dataset.fingerprint, self.task, self.labels, self.trial),
            augment=self.augment,
            folder=context.folder,
            key=self.key,
            on_step=lambda step: context.progress(step, self.train.steps),
        )
        measured = {split: evaluate(model, dataset.splits[split]) for split in ("val", "test")}
        _write(context.folder, _unmeasured(task, dataset) if report.failure else measured, report.failure)
        discard_checkpoint(context.folder)

    def _labelled(self, dataset: Dataset, task: Task) -> ImageSet:
        """The trial's labels: the same for every arm, and part of those of every larger budget."""
        generator = numpy_generator(self.seed, "labels", dataset.fingerprint, self.task, self.trial)
        order = label_order(dataset.train.targets[task.target].cpu(), generator)
        return dataset.train.subset(torch.from_numpy(order[: self.labels]).to(dataset.train.images.device))

    def _backbone(self, context: RunContext, dataset: Dataset) -> Backbone:
        channels = dataset.train.channels
        if self.start:
            return self.start.load_backbone(context.input(self.start), channels)
        generator = torch_generator(self.seed, "trial", self.trial, "backbone")
        return build_backbone(self.backbone.name, self.backbone.options, in_channels=channels, generator=generator)


Measured = dict[str, dict[str, float]]


def _unmeasured(task: Task, dataset: Dataset) -> Measured:
    """A failed run is a number that is not there, not one that is left out."""
    return {split: {task.primary_metric: math.nan} for split in dataset.splits if split != "train"}


def _write(folder: Path, measured: Measured, failure: Failure | None) -> None:
    records = [
        {"split": split, "metric": metric, "value": None if math.isnan(value) else value}
        for split, metrics in measured.items()
        for metric, value in metrics.items()
    ]
    if failure:
        write_atomic(folder / FAILURE, json.dumps({"step": failure.step, "reason": failure.reason}).encode())
    write_atomic(folder / RECORDS, json.dumps(records, indent=1).encode())
