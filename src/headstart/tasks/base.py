"""What every task is: a head on a backbone, a loss to train it and metrics to judge it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor, nn

from headstart.backbones.base import Backbone
from headstart.errors import DataError
from headstart.tasks.heads import enlarge, task_head
from headstart.tasks.traits import TaskTraits
from headstart.torchvision import spare_torchvision

spare_torchvision()  # before any task loads torchmetrics, which imports torchvision wherever it is installed

if TYPE_CHECKING:
    from torchmetrics import MetricCollection

__all__ = ["Task"]


class Task(TaskTraits, ABC):
    """A question asked of images, answered from ``Features`` by a head with ``outputs`` outputs.

    Its class attributes are ``TaskTraits``.
    """

    def __init__(self, classes: Sequence[str]) -> None:
        """``classes``: the dataset's class names."""
        self.outputs = self.label_counts(classes)

    def strata(self, target: Tensor) -> Tensor:
        """int64 ``[N]``: groups of which every label budget holds its share; one group, unless a target is a class."""
        return torch.zeros(len(target), dtype=torch.int64)

    @abstractmethod
    def check_target(self, target: Tensor, resolution: int) -> None:
        """Raise ``DataError`` for what is no answer to this task: ``target [N, ...]`` of images of ``resolution``."""

    def check_variety(self, target: Tensor) -> None:
        """Raise ``DataError`` where all training targets ``[N, ...]`` are one number and the task would be empty."""
        value = target.flatten()[0]
        if bool((target == value).all()):
            where = " everywhere" if self.per_location else ""
            raise DataError(
                f"task '{self.name}': every image has {self.target} {float(value):g}{where}, so there is nothing to "
                f"learn: {self.variety}, or leave the task out"
            )

    def fitted(self, labelled: Tensor) -> Self:
        """The task with what it may learn from labelled targets alone before training; itself, if that is nothing."""
        del labelled
        return self

    def head(self, backbone: Backbone, mlp: bool = False) -> nn.Module:
        """A fresh module from ``Features`` to outputs: one linear layer, or the study's two-layer head."""
        return task_head(backbone, self.outputs, per_location=self.per_location, mlp=mlp)

    @abstractmethod
    def constant(self, labelled: Tensor) -> Tensor:
        """The answer to every image that does best on labelled targets ``[N, ...]``: one image's output."""

    def ideal(self, target: Tensor) -> Tensor:
        """What outputs should be for targets ``[N, ...]``, for protocols that come near to it by least squares.

        float32 ``[N, outputs]``, or ``[N, outputs, H, W]`` at the target's resolution, to which a head's are enlarged.
        A task whose answers are no such numbers leaves this out, and those protocols refuse it.
        """
        raise NotImplementedError

    @classmethod
    def has_ideal(cls) -> bool:
        return cls.ideal is not Task.ideal

    @abstractmethod
    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """The scalar to minimise for a batch of outputs and targets."""

    @abstractmethod
    def scored(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs and targets as the metrics take them; predictions in the target's units and at its resolution."""

    def hits(self, output: Tensor, target: Tensor) -> Tensor | None:
        """Whether each of B outputs is right, bool ``[B]``, if that is what the primary metric is the mean of."""
        del output, target
        return None

    def answer(self, output: Tensor, size: tuple[int, int]) -> Tensor:
        """Outputs as targets would say it, for people to look at: labels ``[B]``, or maps ``[B, *size]``."""
        return (enlarge(output, size) if self.per_location else output).argmax(dim=1)

    @abstractmethod
    def meter(self) -> "MetricCollection":
        """Fresh metrics by name, to be updated with what ``scored`` gives, batch by batch."""

    def measure(self, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Every metric as a scalar tensor on the outputs' device, so that reading it can wait."""
        meter = self.meter().to(output.device)
        meter.update(*self.scored(output, target))
        metrics: dict[str, Any] = meter.compute()
        return metrics

    def metrics(self, output: Tensor, target: Tensor) -> dict[str, float]:
        """Every metric by name, of outputs and targets; ``primary_metric`` is among them."""
        return {name: float(value) for name, value in self.measure(output, target).items()}
