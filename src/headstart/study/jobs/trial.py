"""A measured point that a network learned for: a start, a protocol, a label budget and a trial."""

from dataclasses import dataclass
from typing import Any, ClassVar

from headstart.data.transforms.augment import AugmentConfig
from headstart.registry import code_of
from headstart.seeding import derive_seed, torch_generator
from headstart.study.jobs.answers import keep_answers
from headstart.study.jobs.base import Device, Job, Needs, RunContext
from headstart.study.jobs.dataset import open_dataset
from headstart.study.jobs.hardware import arithmetic
from headstart.study.jobs.hits import keep_hits
from headstart.study.jobs.points import PointJob, unmeasured, write_records
from headstart.study.jobs.starts import Start
from headstart.tasks import TASKS
from headstart.training import PROTOCOLS, Failure, Settings, TrainConfig, evaluate_images, fit, open_device

__all__ = ["TrialJob"]


@dataclass(frozen=True)
class TrialJob(PointJob):
    """Learn by ``protocol`` from where ``start`` leaves off. train: the protocol's options for these labels. augment:
    before the task's exceptions. device: ``cpu`` or ``cuda``."""

    start: Start
    protocol: str
    train: Settings
    augment: AugmentConfig
    device: Device

    kind: ClassVar[str] = "trial"
    version: ClassVar[int] = 4

    def identity(self) -> dict[str, Any]:
        protocol = PROTOCOLS[self.protocol]
        return super().identity() | {
            "start": self.start.key,
            "protocol": self.protocol,
            "train": self.train.model_dump(mode="json"),
            "augment": self.augment.model_dump(),
            "protocol_code": code_of(protocol.Config, protocol.prepare),
            **arithmetic(self.device, *protocol.libraries),
        }

    @property
    def inputs(self) -> tuple[Job, ...]:
        return (*super().inputs, *self.start.jobs)

    @property
    def needs(self) -> Needs:
        return Needs.on(self.device)

    @property
    def steps(self) -> int:
        return self.train.steps

    @property
    def cost(self) -> int:
        """A frozen backbone is passed once per image, which is about a third of an image-step."""
        if PROTOCOLS[self.protocol].frozen or not isinstance(self.train, TrainConfig):
            return self.labels // 3
        return self.train.steps * self.train.batch_size

    @property
    def title(self) -> str:
        return f"{self.start.title}, {self.task}, {self.protocol}, {self.labels} labels, trial {self.trial + 1}"

    @property
    def group(self) -> str:
        return self.start.key if self.start.jobs else self.dataset.key

    def run(self, context: RunContext) -> None:
        precision = self.train.precision
        device = open_device(self.device, precision)
        dataset = open_dataset(context.input(self.dataset), self.start.input, device)
        task = TASKS[self.task](dataset.classes)
        if failure := self.start.failure(context):
            reason = Failure(failure.step, f"pretraining failed: {failure.reason}")
            write_records(context.folder, unmeasured(task, dataset), reason)
            return
        generator = torch_generator(self.seed, "trial", self.trial, "backbone")
        model, report = fit(
            self.protocol,
            self.start.load_backbone(context, dataset.train.channels, generator),
            task,
            self.labelled(dataset, task),
            self.train,
            seed=derive_seed(self.seed, "trial", dataset.fingerprint, self.task, self.labels, self.trial),
            augment=self.augment,
            folder=context.checkpoints,
            key=self.key,
            on_step=lambda step: context.progress(step, self.train.steps),
        )
        if report.failure:
            write_records(context.folder, unmeasured(task, dataset), report.failure)
            return
        splits = {name: dataset.splits[name] for name in ("val", "test")}
        found = {name: evaluate_images(model, images, precision=precision) for name, images in splits.items()}
        keep_answers(context.folder, model, splits["test"], precision)
        keep_hits(context.folder, found["test"].hits)
        write_records(context.folder, {name: one.metrics for name, one in found.items()})
