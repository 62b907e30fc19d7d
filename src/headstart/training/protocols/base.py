"""What protocols start from and what they come to: from a backbone, a task and labelled images to a model."""

from dataclasses import dataclass, replace

from torch import Tensor, nn

from headstart.backbones.base import Backbone, seeded_init
from headstart.data.batches.loader import Batch, Loader
from headstart.data.dataset import ImageSet
from headstart.data.transforms.augment import AugmentConfig
from headstart.objective import Objective, StepResult
from headstart.seeding import derive_seed, torch_generator
from headstart.tasks.base import Task
from headstart.training.config import TrainConfig
from headstart.training.features import feature_set
from headstart.training.protocols.traits import Settings

__all__ = ["LabelledRun", "Setup", "Supervised"]


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
    """What a protocol starts from. labelled: with targets. seed: of the head's first weights and of the batches."""

    backbone: Backbone
    task: Task
    labelled: ImageSet
    config: Settings
    augment: AugmentConfig
    seed: int

    @property
    def target(self) -> Tensor:
        """The labels ``[N, ...]``, where batches of images are."""
        return self.labelled.targets[self.task.target].to(self.labelled.device)

    def features(self) -> ImageSet:
        """The labelled images with features in place of pixels, as the task's head reads them, for ``Precomputed``.

        Frozen protocols learn from these alone. Where a study has computed them before, ``backbone`` is ``Precomputed``
        and ``labelled`` holds them already.
        """
        return feature_set(
            self.backbone, self.labelled, per_location=self.task.per_location, precision=self.config.precision
        )

    def head(self, backbone: Backbone, mlp: bool = False) -> nn.Module:
        """The task's head on ``backbone``, the same in every protocol and arm."""
        with seeded_init(torch_generator(self.seed, "head")):
            return self.task.head(backbone, mlp=mlp)

    def loader(self, images: ImageSet, augment: AugmentConfig | None) -> Loader:
        """Batches of ``images``, with the task's target alone, as the configuration and the seed have them."""
        assert isinstance(self.config, TrainConfig), "only what takes steps has batches"
        seed = derive_seed(self.seed, "batches")
        asked = replace(images, targets={self.task.target: images.targets[self.task.target]})
        ready = asked.prepared(self.config.steps * self.config.batch_size)
        return Loader(ready, batch_size=self.config.batch_size, seed=seed, augment=augment)


@dataclass(frozen=True)
class Setup:
    """The ``model`` of images that a protocol yields, once ``learner`` has been trained on batches of ``loader``.

    Both are ``None`` where nothing is left to be trained.
    """

    model: Supervised
    learner: Supervised | None = None
    loader: Loader | None = None
