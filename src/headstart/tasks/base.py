"""What every task is: a head on a backbone, a loss to train it and metrics to judge it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Self

from torch import Tensor, nn

from headstart.backbones.base import Backbone, Features
from headstart.data.augment import AugmentConfig

__all__ = ["PooledHead", "Task", "mlp_layers"]


class Task(ABC):
    """A question asked of images, answered from ``Features`` by a head with ``outputs`` outputs.

    Class attributes: ``name``; ``target``, its name among an image set's targets; ``primary_metric`` and
    ``higher_is_better``; ``per_location``, whether heads read the dense map and not the pooled vector; ``unsuited``,
    the augmentations (fields of ``AugmentConfig``) that its target does not survive.
    """

    name: ClassVar[str]
    target: ClassVar[str]
    primary_metric: ClassVar[str]
    higher_is_better: ClassVar[bool] = True
    per_location: ClassVar[bool] = False
    unsuited: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, classes: Sequence[str]) -> None:
        """``classes``: the dataset's class names."""
        self.outputs = self.label_counts(classes)

    @classmethod
    @abstractmethod
    def label_counts(cls, classes: Sequence[str]) -> int:
        """How many different labels the target has in a dataset of these class names: the size of a head's output."""

    @classmethod
    def augment(cls, base: AugmentConfig) -> AugmentConfig:
        """``base`` without what the target does not survive."""
        return base.model_copy(update=dict.fromkeys(cls.unsuited, False))

    def fitted(self, labelled: Tensor) -> Self:
        """The task with what it may learn from labelled targets alone before training; itself, if that is nothing."""
        del labelled
        return self

    @abstractmethod
    def head(self, backbone: Backbone, mlp: bool = False) -> nn.Module:
        """A fresh module from ``Features`` to outputs: one linear layer, or the study's two-layer head."""

    @abstractmethod
    def constant(self, labelled: Tensor) -> Tensor:
        """The answer to every image that does best on labelled targets ``[N, ...]``: one image's output."""

    @abstractmethod
    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """The scalar to minimise for a batch of outputs and targets."""

    @abstractmethod
    def measure(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Every metric as a scalar tensor on the outputs' device, so that reading it can wait."""

    def metrics(self, output: Tensor, target: Tensor) -> dict[str, float]:
        """Every metric by name, of the outputs and targets of a whole split; ``primary_metric`` is among them."""
        return {name: float(value) for name, value in self.measure(output, target).items()}


class PooledHead(nn.Module):
    """``layers`` on the pooled vector: ``Features -> [B, outputs]``."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, features: Features) -> Tensor:
        # Losses are taken in float32 whatever the precision of the network.
        output: Tensor = self.layers(features.pooled)
        return output.float()


def mlp_layers(inputs: int, outputs: int) -> nn.Sequential:
    """The study's MLP head: linear without bias, batch norm, ReLU, linear."""
    return nn.Sequential(
        nn.Linear(inputs, inputs, bias=False), nn.BatchNorm1d(inputs), nn.ReLU(), nn.Linear(inputs, outputs)
    )
