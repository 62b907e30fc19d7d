"""The job before any label is used: a backbone pretrained on images, by one process or by several."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from headstart.backbones import Backbone, build_backbone, load_weights, save_weights
from headstart.data.batches.endless import EndlessLoader
from headstart.data.batches.loader import Batches, Loader
from headstart.data.batches.share import Share
from headstart.data.dataset import Dataset, ImageSet
from headstart.data.transforms.augment import AugmentConfig
from headstart.data.transforms.input import ImageInput
from headstart.folder import write_atomic
from headstart.methods import METHODS, Method, build_method
from headstart.objective import Objective
from headstart.seeding import derive_seed, torch_generator
from headstart.study.config.study import BackboneChoice
from headstart.study.jobs.base import Job, RunContext, no_progress
from headstart.study.jobs.dataset import DatasetJob, open_dataset
from headstart.tasks import TASKS
from headstart.training import (
    Failure,
    Settings,
    TrainConfig,
    TrainReport,
    Watched,
    collapsed_since,
    discard_checkpoint,
    is_collapsed,
    pick_device,
    pick_precision,
    train,
)
from headstart.training.devices import on_devices

__all__ = ["PretrainJob", "hardware_identity"]

WEIGHTS, HISTORY = "backbone.safetensors", "history.json"
COLLAPSE_IMAGES, COLLAPSED = 256, "collapsed: all images have the same features"
LOOKS = 10
"""How often in a run the effective rank is taken."""


@dataclass(frozen=True)
class PretrainJob(Job):
    """A backbone that learned from the training split's images by a pretext method. augment: as the method has it."""

    dataset: DatasetJob
    input: ImageInput
    backbone: BackboneChoice
    method: str
    options: dict[str, Any]
    train: TrainConfig
    augment: AugmentConfig
    seed: int

    kind: ClassVar[str] = "pretrain"
    version: ClassVar[int] = 6

    def identity(self) -> dict[str, Any]:
        config = METHODS[self.method].Config.model_validate(self.options)
        return {
            "input": asdict(self.input),
            "backbone": self.backbone.model_dump(),
            "method": self.method,
            "options": config.model_dump(mode="json"),
            "train": self.train.model_dump(mode="json") | hardware_identity(self.train),
            "augment": self.augment.model_dump(),
            "seed": self.seed,
        } | ({"endless": True} if self.dataset.source.streams else {})

    @property
    def inputs(self) -> tuple[Job, ...]:
        return (self.dataset,)

    @property
    def cost(self) -> int:
        return self.train.steps * self.train.batch_size * METHODS[self.method].views

    @property
    def title(self) -> str:
        return f"{self.method}, pretraining"

    def run(self, context: RunContext) -> None:
        # What tells of progress belongs to this process.
        work = partial(self._learn, replace(context, progress=no_progress))
        on_devices(work, self.train.devices, lambda step: context.progress(step, self.train.steps))

    def _learn(self, context: RunContext, on_step: Callable[[int], None]) -> None:
        """The work of one of the processes that share the batches; the first one keeps what they learned."""
        dataset, share = open_dataset(context.input(self.dataset), self.input, pick_device()), Share.current()
        method = self._method(dataset)
        watched = self._watched(method, dataset)
        with self._loader(dataset, share) as loader:
            report = train(watched, loader, self.train, folder=context.folder, key=self.key, on_step=on_step)
        if share.rank == 0:
            self._keep(context.folder, method, report, dataset.train.first(COLLAPSE_IMAGES))

    def _keep(self, folder: Path, method: Method, report: TrainReport, images: ImageSet) -> None:
        """Write what a finished run leaves; ``images`` tell whether it is of use."""
        if report.failure is None and is_collapsed(method.backbone, images, self.train.precision):
            step = collapsed_since(report.history) or report.steps
            report = replace(report, failure=Failure(step, COLLAPSED))
        save_weights(method.backbone, folder / WEIGHTS)
        write_atomic(folder / HISTORY, json.dumps(_history(report, method.backbone.dim), indent=1).encode())
        discard_checkpoint(folder)

    @contextmanager
    def _loader(self, dataset: Dataset, share: Share) -> Iterator[Batches]:
        """Batches of the training split, or of the source's stream of images where it has one."""
        seed = derive_seed(self.seed, "pretrain", "batches")
        options: dict[str, Any] = {"batch_size": self.train.batch_size, "seed": seed, "augment": self.augment}
        options["share"] = share
        options["views"] = METHODS[self.method].views
        options["shared_flip"] = METHODS[self.method].shared_flip
        stream = self.dataset.source.stream()
        if stream is None:
            yield Loader(dataset.train, **options)
            return
        with closing(EndlessLoader(stream, dataset.train.prepare, **options)) as loader:
            yield loader

    def _method(self, dataset: Dataset) -> Method:
        backbone = self.fresh_backbone(dataset.train.channels, "backbone", self.seed)
        generator = torch_generator(self.seed, "pretrain", "method")
        return build_method(self.method, self.options, backbone, images=len(dataset.train), generator=generator)

    def _watched(self, method: Method, dataset: Dataset) -> Objective:
        """``method`` with a head for every task whose labels the dataset has; it learns the same either way."""
        known = dataset.train.targets
        tasks = [kind(dataset.classes).fitted(known[kind.target]) for kind in TASKS.values() if kind.target in known]
        generator = torch_generator(self.seed, "probe")
        every = max(1, self.train.steps // LOOKS)
        return Watched(method, tasks, generator=generator, images=dataset.train, rank_every=every)

    def fresh_backbone(self, channels: int, *parts: str | int) -> Backbone:
        """The form of the backbone that this method trains, with starting weights of the named parts."""
        return build_backbone(
            self.backbone.name,
            self.backbone.options,
            in_channels=channels,
            split=METHODS[self.method].split_backbone,
            generator=torch_generator(*parts),
        )

    def load_backbone(self, folder: Path, channels: int) -> Backbone:
        """The pretrained backbone from this job's finished folder."""
        backbone = self.fresh_backbone(channels, "replaced")
        load_weights(backbone, folder / WEIGHTS)
        return backbone

    def failure(self, folder: Path) -> Failure | None:
        """Why the finished pretraining is of no use, if it is not."""
        told = self.history(folder)["failure"]
        return Failure(**told) if told else None

    def history(self, folder: Path) -> dict[str, Any]:
        """What the finished pretraining measured: ``steps``, ``rows``, ``failure``, and the number of ``features``."""
        told: dict[str, Any] = json.loads((folder / HISTORY).read_text())
        return told


def hardware_identity(train: Settings) -> dict[str, str]:
    """What the hardware changes in a result: where the numbers are computed, and how precisely."""
    device = pick_device()
    return {"device": device.type, "precision": pick_precision(train.precision, device)}


def _history(report: TrainReport, features: int) -> dict[str, Any]:
    return {
        "steps": report.steps,
        "features": features,
        "rows": report.history,
        "failure": asdict(report.failure) if report.failure else None,
    }
