"""The job before any label is used: a backbone pretrained on images, by one process or by several."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from headstart.data.transforms.config import AugmentConfig
from headstart.files import write_atomic
from headstart.methods import METHODS
from headstart.registry import code_of
from headstart.schema import Schema
from headstart.study.jobs.base import Device, Job, Needs, RunContext, no_progress
from headstart.study.jobs.dataset import DatasetJob
from headstart.study.jobs.hardware import arithmetic
from headstart.study.jobs.learning import learning_of
from headstart.study.jobs.pool import PoolJob
from headstart.study.jobs.starts import Start
from headstart.tasks import TASKS
from headstart.training import Failure, TrainConfig, open_device

if TYPE_CHECKING:
    from headstart.backbones import Backbone
    from headstart.data.dataset import ImageSet
    from headstart.methods import Method
    from headstart.training import TrainReport

__all__ = ["PretrainJob"]

WEIGHTS, HISTORY = "backbone.safetensors", "history.json"
COLLAPSE_IMAGES, COLLAPSED = 256, "collapsed: all images have the same features"


@dataclass(frozen=True)
class PretrainJob(Job):
    """A backbone that learned from the training split's images by a pretext method, and from those of ``pool`` too.

    start: the weights that it begins with. augment: as the arm has it. watched: tasks with a head beside the method;
    what it learns is the same with and without. seed: of everything that is drawn at random. device: ``cpu`` or
    ``cuda``. teacher: the weights that a method learns from, of those that do.
    """

    dataset: DatasetJob
    start: Start
    method: str
    options: Schema
    train: TrainConfig
    augment: AugmentConfig
    watched: tuple[str, ...]
    seed: int
    device: Device
    pool: PoolJob | None = None
    teacher: Start | None = None

    kind: ClassVar[str] = "pretrain"
    version: ClassVar[int] = 6
    told_in: ClassVar[tuple[str, ...]] = (HISTORY,)

    def __post_init__(self) -> None:
        assert self.train.precision != "auto", "a key that leaves precision open would answer for any"

    def identity(self) -> dict[str, Any]:
        return {
            "start": self.start.key,
            "method": self.method,
            "options": self.options.model_dump(mode="json"),
            "train": self.train.model_dump(mode="json"),
            "augment": self.augment.model_dump(),
            "watched": list(self.watched),
            "seed": self.seed,
            "endless": self.dataset.source.streams,
            "code": code_of(METHODS.traits(self.method), *(TASKS.traits(name) for name in self.watched)),
            **arithmetic(self.device),
            **({"teacher": self.teacher.key} if self.teacher else {}),
        }

    @property
    def inputs(self) -> tuple[Job, ...]:
        taught = self.teacher.jobs if self.teacher else ()
        return (self.dataset, *([self.pool] if self.pool else []), *self.start.jobs, *taught)

    @property
    def needs(self) -> Needs:
        return Needs.on(self.device, self.train.devices)

    @property
    def alike(self) -> str:
        networks = [self.start.network, *([self.teacher.network] if self.teacher else [])]
        return " ".join([self.kind, *networks, self.method, str(self.train.batch_size), self.dataset.key])

    @property
    def cost(self) -> int:
        return self.train.steps * self.train.batch_size * METHODS.traits(self.method).views

    @property
    def title(self) -> str:
        return f"{self.method}, pretraining"

    def run(self, context: RunContext) -> None:
        from headstart.training.devices import on_devices

        # What tells of progress belongs to this process.
        work = partial(self._learn, replace(context, progress=no_progress))
        devices, steps = self.train.devices, self.train.steps
        on_devices(work, devices, lambda step: context.progress(step, steps), device=self.device)

    def outcome(self, folder: Path) -> dict[str, Any]:
        """What was measured: ``steps``, ``rows``, ``failure``, and the number of ``features``."""
        measured: dict[str, Any] = json.loads((folder / HISTORY).read_text())
        return measured

    def _learn(self, context: RunContext, on_step: Callable[[int], None]) -> None:
        """The work of one of the processes that share the batches; the first one keeps what they learned."""
        from headstart.data.batches.share import Share
        from headstart.training import TrainReport, train

        device, share = open_device(self.device, self.train.precision), Share.current()
        if failure := self.start.failure(context):
            if share.rank == 0:
                self._write(context.folder, TrainReport(0, 0.0, [], failure), 0)
            return
        with learning_of(self, context, device, share) as learning:
            report = train(
                learning.watched,
                learning.batches,
                self.train,
                folder=context.checkpoints,
                key=self.key,
                on_step=on_step,
            )
        if share.rank == 0:
            self._keep(context.folder, learning.method, report, learning.dataset.train)

    def _keep(self, folder: Path, method: Method, report: TrainReport, images: ImageSet) -> None:
        """Write what a finished run leaves; some training ``images`` tell whether it is of use."""
        from headstart.backbones import save_weights
        from headstart.training import collapsed_since, is_collapsed

        if report.failure is None and is_collapsed(
            method.backbone, images.first(COLLAPSE_IMAGES), self.train.precision
        ):
            step = collapsed_since(report.history) or report.steps
            report = replace(report, failure=Failure(step, COLLAPSED))
        save_weights(method.backbone, folder / WEIGHTS)
        self._write(folder, report, method.backbone.dim)

    def _write(self, folder: Path, report: TrainReport, features: int) -> None:
        failure = asdict(report.failure) if report.failure else None
        payload = {"steps": report.steps, "features": features, "rows": report.history, "failure": failure}
        write_atomic(folder / HISTORY, json.dumps(payload, indent=1).encode())

    def load_weights(self, backbone: Backbone, folder: Path) -> None:
        """Put what this finished job learned into ``backbone``."""
        from headstart.backbones import load_weights

        load_weights(backbone, folder / WEIGHTS)

    def failure(self, folder: Path) -> Failure | None:
        """Why the finished pretraining is of no use, if it is not."""
        failure = self.outcome(folder)["failure"]
        return Failure(**failure) if failure else None
