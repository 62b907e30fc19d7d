"""Object classification and pose: which of several labels an image has."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor

from headstart.errors import DataError
from headstart.tasks.base import Task
from headstart.tasks.shipped import ClassificationTraits, PoseTraits

if TYPE_CHECKING:
    from torchmetrics import MetricCollection

__all__ = ["Classification", "Pose"]


class Classification(ClassificationTraits, Task):
    """One label of C per image: cross-entropy, top-1 accuracy as a fraction of images (0 to 1)."""

    def __init__(self, classes: Sequence[str]) -> None:
        super().__init__(classes)
        self.classes = tuple(classes)

    def strata(self, target: Tensor) -> Tensor:
        return target.long().cpu()

    def check_target(self, target: Tensor, resolution: int) -> None:
        del resolution
        if target.ndim != 1 or target.is_floating_point():
            kind = f"{target.dtype} {list(target.shape)}".removeprefix("torch.")
            raise DataError(
                f"task '{self.name}': target '{self.target}' is {kind} and must be a whole number per image: correct it"
            )
        wrong = ((target < 0) | (target >= self.outputs)).nonzero().flatten()
        if len(wrong):
            raise DataError(
                f"task '{self.name}': {len(wrong)} images have no label between 0 and {self.outputs - 1}, the first of "
                f"them row {wrong[0]} with {target[wrong[0]]}: correct target '{self.target}'"
            )

    def check_variety(self, target: Tensor) -> None:
        super().check_variety(target)
        counts = target.long().bincount(minlength=self.outputs).tolist()
        if absent := [name for name, count in zip(self.classes, counts, strict=True) if not count]:
            others = f" and {len(absent) - 1} more classes" if len(absent) > 1 else ""
            raise DataError(
                f"task '{self.name}': class '{absent[0]}'{others} has no training image, so no budget can hold a label "
                f"of it: add images of it, or leave it out of the dataset's classes"
            )

    def constant(self, labelled: Tensor) -> Tensor:
        """Logits ``[C]`` of the most frequent label."""
        return F.one_hot(labelled.long().mode().values, self.outputs).float()

    def ideal(self, target: Tensor) -> Tensor:
        """1 for the label, 0 for all others."""
        return F.one_hot(target.long(), self.outputs).float()

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Mean cross-entropy in nats of logits ``[B, C]`` against whole numbers ``[B]``."""
        return F.cross_entropy(*self.scored(output, target))

    def scored(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        return output, target.long()

    def hits(self, output: Tensor, target: Tensor) -> Tensor:
        return output.argmax(dim=1) == target

    def meter(self) -> "MetricCollection":
        # Imported on first use: torchmetrics takes seconds to load, and most commands never measure.
        from torchmetrics import MetricCollection
        from torchmetrics.classification import MulticlassAccuracy

        return MetricCollection({"accuracy": MulticlassAccuracy(self.outputs, average="micro", validate_args=False)})


class Pose(PoseTraits, Classification):
    """The label comes from its rotation matrix: cross-entropy, accuracy as a fraction of images (0 to 1).
    A mirrored image shows the mirrored pose, and its label with it. A quarter turn would show none of the five.
    """

    def check_variety(self, target: Tensor) -> None:
        # Not each of the five poses has to be in a dataset: they are what a head tells apart, not what a user named.
        Task.check_variety(self, target)
