"""A measured point that a network learned for: a start, a protocol, a label budget and a trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from headstart.data.transforms.config import AugmentConfig
from headstart.registry import code_of
from headstart.seeding import derive_seed
from headstart.study.jobs.answers import keep_answers
from headstart.study.jobs.base import Device, Job, Needs, RunContext
from headstart.study.jobs.dataset import open_dataset
from headstart.study.jobs.features import FeaturesJob
from headstart.study.jobs.hardware import arithmetic
from headstart.study.jobs.hits import keep_hits
from headstart.study.jobs.points import PointJob, unmeasured, write_records
from headstart.study.jobs.starts import Start
from headstart.tasks import TASKS
from headstart.training import PROTOCOLS, Failure, Settings, TrainConfig, open_device

if TYPE_CHECKING:
    from headstart.backbones import Backbone
    from headstart.data.dataset import Dataset, ImageSet
    from headstart.tasks import Task

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
        features = (self.features,) if self.features else ()
        return (*super().inputs, *self.start.jobs, *features)

    @property
    def needs(self) -> Needs:
        return Needs.on(self.device)

    @property
    def alike(self) -> str:
        batch = self.train.batch_size if isinstance(self.train, TrainConfig) else self.labels
        return " ".join([self.kind, self.start.network, self.protocol, str(batch), self.dataset.key])

    @property
    def steps(self) -> int:
        return self.train.steps

    @property
    def cost(self) -> int:
        """What reads features takes about as long as their pass, a third of an image-step for each label."""
        if PROTOCOLS[self.protocol].frozen or not isinstance(self.train, TrainConfig):
            return self.labels // 3
        return self.train.steps * self.train.batch_size

    @property
    def title(self) -> str:
        return f"{self.start.title}, {self.task}, {self.protocol}, {self.labels} labels, trial {self.trial + 1}"

    @property
    def group(self) -> str:
        return self.start.key if self.start.jobs else self.dataset.key

    @cached_property
    def features(self) -> FeaturesJob | None:
        """What a protocol that freezes the backbone reads in place of images."""
        if not PROTOCOLS[self.protocol].frozen:
            return None
        return FeaturesJob(
            self.dataset,
            self.start,
            per_location=TASKS.traits(self.task).per_location,
            precision=self.train.precision,
            device=self.device,
            weights=self._weights_seed if self.start.drawn else None,
        )

    @property
    def _weights_seed(self) -> int:
        return derive_seed(self.seed, "trial", self.trial, "backbone")

    def run(self, context: RunContext) -> None:
        from headstart.training import evaluate_images, fit

        precision = self.train.precision
        device = open_device(self.device, precision)
        dataset = open_dataset(context.input(self.dataset), self.start.input, device)
        task = TASKS[self.task](dataset.classes)
        if failure := self.start.failure(context):
            reason = Failure(failure.step, f"pretraining failed: {failure.reason}")
            write_records(context.folder, unmeasured(task, dataset), reason)
            return
        given = self._frozen(context, dataset, task) if self.features else self._whole(context, dataset, task)
        model, report = fit(
            self.protocol,
            given.backbone,
            task,
            given.labelled,
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
        unseen = {split: given.splits[split] for split in ("val", "test")}
        found = {split: evaluate_images(model, images, precision=precision) for split, images in unseen.items()}
        keep_answers(context.folder, model, unseen["test"], precision)
        keep_hits(context.folder, found["test"].hits)
        write_records(context.folder, {split: one.metrics for split, one in found.items()})

    def _whole(self, context: RunContext, dataset: Dataset, task: Task) -> _Given:
        import torch

        generator = torch.Generator().manual_seed(self._weights_seed)
        backbone = self.start.load_backbone(context, dataset.train.channels, generator)
        return _Given(backbone, self.labelled(dataset, task), dataset.splits)

    def _frozen(self, context: RunContext, dataset: Dataset, task: Task) -> _Given:
        """Features in place of images; those of the labelled ones are computed here unless they are kept."""
        from headstart.training import Precomputed, feature_set

        job = self.features
        assert job is not None
        known = job.read(context.input(job), dataset, dataset.train.device)
        labelled = self.labelled(known, task)
        if "train" not in job.splits:
            backbone = self.start.load_backbone(context, dataset.train.channels, job.generator()).to(labelled.device)
            labelled = feature_set(backbone, labelled, per_location=job.per_location, precision=job.precision)
        return _Given(Precomputed(known.splits["test"].channels), labelled, known.splits)


@dataclass(frozen=True)
class _Given:
    """What a trial begins with: a backbone, or features and what passes them on."""

    backbone: Backbone
    labelled: ImageSet
    splits: Mapping[str, ImageSet]
