"""Learning a task from labels, and being tested on it.

``PROTOCOLS`` holds the ways a backbone's worth is read off: each turns a backbone, a task and labelled images into what
is to be trained and the model that this yields.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from headstart.backbones.base import Backbone, seeded_init
from headstart.data.augment import AugmentConfig
from headstart.data.dataset import ImageSet
from headstart.data.loader import Batch, Loader
from headstart.errors import DataError
from headstart.methods.base import Objective, StepResult
from headstart.registry import lookup, with_plugins
from headstart.seeding import derive_seed, torch_generator
from headstart.tasks.base import Task
from headstart.training.config import OptimizerConfig, TrainConfig
from headstart.training.features import BATCH, Precomputed, Standardise, evaluating, feature_set, image_batches
from headstart.training.loop import TrainReport, train
from headstart.training.precision import Precision, autocast

__all__ = ["PROTOCOLS", "LabelledRun", "Setup", "Supervised", "evaluate", "finetune", "fit", "linear"]


class Supervised(Objective):
    """A backbone and a head that learn a task: images ``[B, C, H, W]`` to the head's outputs."""

    def __init__(self, backbone: Backbone, head: nn.Module, task: Task) -> None:
        super().__init__()
        self.backbone, self.head, self.task = backbone, head, task

    def forward(self, images: Tensor) -> Tensor:
        output: Tensor = self.head(self.backbone(images))
        return output

    def step(self, batch: Batch) -> StepResult:
        return StepResult(self.task.loss(self(batch.views[0]), batch.targets[self.task.target]))


@dataclass(frozen=True)
class LabelledRun:
    """What a protocol starts from. labelled: prepared images. seed: of the head's first weights and of the batches."""

    backbone: Backbone
    task: Task
    labelled: ImageSet
    config: OptimizerConfig
    augment: AugmentConfig
    seed: int

    def head(self, backbone: Backbone) -> nn.Module:
        """The task's linear head on ``backbone``, the same in every protocol and arm."""
        with seeded_init(torch_generator(self.seed, "head")):
            return self.task.head(backbone)

    def loader(self, images: ImageSet, augment: AugmentConfig | None) -> Loader:
        """Batches of ``images`` as the configuration and the seed have them."""
        seed = derive_seed(self.seed, "batches")
        return Loader(images, batch_size=self.config.batch_size, seed=seed, augment=augment)


@dataclass(frozen=True)
class Setup:
    """What a protocol trains, ``objective`` on batches of ``loader``, and the ``model`` of images that this yields."""

    objective: Supervised
    loader: Loader
    model: Supervised


def finetune(run: LabelledRun) -> Setup:
    """All weights learn, from images augmented as far as the task allows."""
    model = Supervised(run.backbone, run.head(run.backbone), run.task)
    return Setup(model, run.loader(run.labelled, run.task.augment(run.augment)), model)


def linear(run: LabelledRun) -> Setup:
    """One linear layer learns on frozen features; frozen means frozen.

    The backbone stays in eval mode, so neither weights nor batch-norm statistics move. Images are not augmented: their
    features are constants then, computed once, where augmenting would cost a forward pass per step. Features are
    standardised by the labelled images' own statistics. The head takes the steps of the configuration, like any other.
    """
    known = feature_set(run.backbone, run.labelled, per_location=run.task.per_location, precision=run.config.precision)
    frozen = Precomputed(run.backbone.dim)
    head = nn.Sequential(Standardise(known.images), run.head(frozen))
    return Setup(Supervised(frozen, head, run.task), run.loader(known, None), Supervised(run.backbone, head, run.task))


PROTOCOLS: dict[str, Callable[[LabelledRun], Setup]] = with_plugins(
    "protocols", {"finetune": finetune, "linear": linear}
)


def fit(
    protocol: str,
    backbone: Backbone,
    task: Task,
    labelled: ImageSet,
    config: TrainConfig,
    *,
    seed: int,
    augment: AugmentConfig | None = None,
    folder: Path | None = None,
    key: str = "",
    on_step: Callable[[int], None] | None = None,
) -> tuple[Supervised, TrainReport]:
    """Train ``task`` on ``backbone`` (in place) by a protocol of ``PROTOCOLS`` from prepared labelled images.

    seed: of the head's first weights and of the batches. augment: default all; the task's exceptions come on top.
    folder, key, on_step: as ``train`` takes them. Returns the model and the report.
    Raises ``ConfigError`` for an unknown protocol and ``DataError`` for images without the task's target.
    """
    make = lookup(PROTOCOLS, "protocol", protocol)
    _target(labelled, task)
    backbone.to(labelled.images.device)
    setup = make(LabelledRun(backbone, task, labelled, config, augment or AugmentConfig(), seed))
    report = train(setup.objective, setup.loader, config, folder=folder, key=key, on_step=on_step)
    return setup.model.to(labelled.images.device), report


def evaluate(
    model: Supervised, images: ImageSet, *, batch_size: int = BATCH, precision: Precision = "auto"
) -> dict[str, float]:
    """The task's metrics over all of ``images`` (prepared, unaugmented), in eval mode, leaving ``model`` as it was."""
    target = _target(images, model.task)
    context = autocast(precision, images.images.device)
    outputs = []
    with torch.inference_mode(), evaluating(model):
        for batch in image_batches(images.images, batch_size):
            with context():
                outputs.append(model(batch).float())
        return model.task.metrics(torch.cat(outputs), target)


def _target(images: ImageSet, task: Task) -> Tensor:
    if task.target not in images.targets:
        have = ", ".join(sorted(images.targets)) or "none"
        raise DataError(
            f"task '{task.name}' needs the target '{task.target}', and these images have {have}: choose another"
        )
    return images.targets[task.target]
