"""A measured point that a network learned for: an arm, a protocol, a label budget and a trial."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from headstart.backbones import Backbone, build_backbone
from headstart.data.dataset import Dataset
from headstart.data.transforms.augment import AugmentConfig
from headstart.data.transforms.input import ImageInput
from headstart.seeding import derive_seed, torch_generator
from headstart.study.config.arms import RANDOM, SCRATCH
from headstart.study.jobs.answers import keep_answers
from headstart.study.jobs.base import Job, RunContext
from headstart.study.jobs.dataset import open_dataset
from headstart.study.jobs.points import PointJob, unmeasured, write_records
from headstart.study.jobs.pretrain import PretrainJob, hardware_identity
from headstart.tasks import TASKS
from headstart.training import (
    PROTOCOLS,
    Failure,
    Settings,
    TrainConfig,
    discard_checkpoint,
    evaluate,
    fit,
    pick_device,
)

__all__ = ["TrialJob"]


@dataclass(frozen=True)
class TrialJob(PointJob):
    """Learn by ``protocol``; ``start`` is the pretraining, or ``None`` for random weights."""

    start: PretrainJob | None
    input: ImageInput
    protocol: str
    train: Settings
    augment: AugmentConfig

    kind: ClassVar[str] = "trial"
    version: ClassVar[int] = 2

    def identity(self) -> dict[str, Any]:
        return {
            "input": asdict(self.input),
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
        """Random weights that learn are training from scratch; those that stay frozen are the control of probes."""
        if self.start:
            return self.start.method
        return RANDOM if PROTOCOLS[self.protocol].frozen else SCRATCH

    @property
    def place(self) -> dict[str, Any]:
        pretrained_on = self.start.dataset.source.name if self.start else ""
        return {
            "pretrain_dataset": pretrained_on,
            "method": self.arm,
            "protocol": self.protocol,
            "steps": self.train.steps,
        }

    @property
    def cost(self) -> int:
        """A frozen backbone is passed once per image, which is about a third of an image-step."""
        if PROTOCOLS[self.protocol].frozen or not isinstance(self.train, TrainConfig):
            return self.labels // 3
        return self.train.steps * self.train.batch_size

    @property
    def group(self) -> str:
        return (self.start or self.dataset).key

    def run(self, context: RunContext) -> None:
        dataset = open_dataset(context.input(self.dataset), self.input, pick_device())
        task = TASKS[self.task](dataset.classes)
        failure = self.start.failure(context.input(self.start)) if self.start else None
        if failure:
            failure = Failure(failure.step, f"pretraining failed: {failure.reason}")
            write_records(context.folder, unmeasured(task, dataset), failure)
            return
        model, report = fit(
            self.protocol,
            self._backbone(context, dataset),
            task,
            self.labelled(dataset, task),
            self.train,
            seed=derive_seed(self.seed, "trial", dataset.fingerprint, self.task, self.labels, self.trial),
            augment=self.augment,
            folder=context.folder,
            key=self.key,
            on_step=lambda step: context.progress(step, self.train.steps),
        )
        measured = {split: evaluate(model, dataset.splits[split]) for split in ("val", "test")}
        if not report.failure:
            keep_answers(context.folder, model, dataset.splits["test"])
        write_records(context.folder, unmeasured(task, dataset) if report.failure else measured, report.failure)
        discard_checkpoint(context.folder)

    def _backbone(self, context: RunContext, dataset: Dataset) -> Backbone:
        channels = dataset.train.channels
        if self.start:
            return self.start.load_backbone(context.input(self.start), channels)
        generator = torch_generator(self.seed, "trial", self.trial, "backbone")
        return build_backbone(self.backbone.name, self.backbone.options, in_channels=channels, generator=generator)
