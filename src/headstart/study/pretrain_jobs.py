"""The jobs before any label is used: images, and backbones pretrained on them."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from headstart.backbones import Backbone, build_backbone, load_weights, save_weights
from headstart.data.augment import AugmentConfig
from headstart.data.color import ColorSpace, normalise
from headstart.data.dataset import Dataset
from headstart.data.endless import EndlessLoader
from headstart.data.loader import Batches, Loader
from headstart.data.prepared import load_prepared, prepare, record_normalisation
from headstart.data.sources import Source
from headstart.folder import write_atomic
from headstart.methods import METHODS, Method, Objective, build_method
from headstart.seeding import derive_seed, torch_generator
from headstart.study.config import BackboneChoice
from headstart.study.jobs import Job, RunContext
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

__all__ = ["DatasetJob", "PretrainJob", "hardware_identity", "image_folder", "prepared_dataset"]

WEIGHTS, HISTORY, IMAGES, PLACE = "backbone.safetensors", "history.json", "images", "place.json"
COLLAPSE_IMAGES, COLLAPSED = 256, "collapsed: all images have the same features"
LOOKS = 10
"""How often in a run the effective rank is taken."""


@lru_cache(maxsize=4)
def prepared_dataset(folder: Path) -> Dataset:
    """A prepared dataset on this process's device, read once however many jobs of a group use it."""
    return load_prepared(folder).to(pick_device())


def image_folder(folder: Path) -> Path:
    """The dataset folder, with images as they were before normalising, behind a finished dataset job."""
    return Path(json.loads((folder / PLACE).read_text()))


@dataclass(frozen=True)
class DatasetJob(Job):
    """Images made or found, normalised, in a file that every process maps."""

    source: Source
    color: ColorSpace

    kind: ClassVar[str] = "dataset"
    version: ClassVar[int] = 1
    uses_all_workers: ClassVar[bool] = True

    def identity(self) -> dict[str, Any]:
        return {"source": type(self.source).__name__, "content": self.source.identity(), "color": self.color}

    @property
    def cost(self) -> int:
        return sum(self.source.about().counts.values())

    @property
    def title(self) -> str:
        return f"images of {self.source.name}"

    def run(self, context: RunContext) -> None:
        made_in = context.folder / IMAGES
        place = self.source.materialise(made_in, workers=context.workers, progress=context.progress)
        if place == made_in:
            record_normalisation(place)
        prepare(place, context.folder, self.color)
        write_atomic(context.folder / PLACE, json.dumps(str(place.resolve())).encode())


@dataclass(frozen=True)
class PretrainJob(Job):
    """A backbone that learned from the training split's images by a pretext method. augment: as the method has it."""

    dataset: DatasetJob
    backbone: BackboneChoice
    method: str
    options: dict[str, Any]
    train: TrainConfig
    augment: AugmentConfig
    seed: int

    kind: ClassVar[str] = "pretrain"
    version: ClassVar[int] = 4

    def identity(self) -> dict[str, Any]:
        config = METHODS[self.method].Config.model_validate(self.options)
        return {
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
        dataset = prepared_dataset(context.input(self.dataset))
        method = self._method(dataset)
        with self._loader(dataset) as loader:
            report = train(
                self._watched(method, dataset),
                loader,
                self.train,
                folder=context.folder,
                key=self.key,
                on_step=lambda step: context.progress(step, self.train.steps),
            )
        images = dataset.train.images[:COLLAPSE_IMAGES]
        if report.failure is None and is_collapsed(method.backbone, images, self.train.precision):
            step = collapsed_since(report.history) or report.steps
            report = replace(report, failure=Failure(step, COLLAPSED))
        save_weights(method.backbone, context.folder / WEIGHTS)
        write_atomic(context.folder / HISTORY, json.dumps(_history(report, method.backbone.dim), indent=1).encode())
        discard_checkpoint(context.folder)

    @contextmanager
    def _loader(self, dataset: Dataset) -> Iterator[Batches]:
        """Batches of the training split, or of the source's stream of images where it has one."""
        seed = derive_seed(self.seed, "pretrain", "batches")
        options: dict[str, Any] = {"batch_size": self.train.batch_size, "seed": seed, "augment": self.augment}
        options["views"] = METHODS[self.method].views
        options["shared_flip"] = METHODS[self.method].shared_flip
        stream = self.dataset.source.stream()
        if stream is None:
            yield Loader(dataset.train, **options)
            return
        device, color = dataset.train.images.device, self.dataset.color
        by = dataset.normalisation[color]
        with closing(
            EndlessLoader(lambda *rows: normalise(stream(*rows).to(device), color, by), device, **options)
        ) as loader:
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
        return Watched(method, tasks, generator=generator, images=dataset.train.images, rank_every=every)

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
