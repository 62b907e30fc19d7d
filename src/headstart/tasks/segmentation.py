"""Semantic segmentation: which class, or none, every pixel belongs to."""

from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor

from headstart.errors import DataError
from headstart.tasks.base import Task
from headstart.tasks.heads import enlarge
from headstart.tasks.shipped import SegmentationTraits

if TYPE_CHECKING:
    from torchmetrics import MetricCollection

__all__ = ["Segmentation", "check_size"]


class Segmentation(SegmentationTraits, Task):
    """Cross-entropy; mean IoU over classes and background, and pixel accuracy (0 to 1).
    Targets are ``[N, H, W]``, 0 for background and class number + 1 elsewhere. What a random crop brings in from beyond
    the image counts as background.
    """

    def check_target(self, target: Tensor, resolution: int) -> None:
        check_size(self, target, resolution)
        if target.is_floating_point():
            kind = str(target.dtype).removeprefix("torch.")
            raise DataError(
                f"task 'segmentation': target 'semantic' is {kind} and must be a whole number per pixel: correct it"
            )
        least, most = target.flatten(1).amin(dim=1), target.flatten(1).amax(dim=1)
        wrong = ((least < 0) | (most >= self.outputs)).nonzero().flatten()
        if len(wrong):
            row, last = wrong[0], self.outputs - 1
            bad = least[row] if least[row] < 0 else most[row]
            raise DataError(
                f"task 'segmentation': {len(wrong)} masks hold numbers that are not 0 to {last}, the first of them row "
                f"{row} with {bad}: 0 is background and {last} the last class"
            )

    def constant(self, labelled: Tensor) -> Tensor:
        """Logits ``[C, 1, 1]`` of the most frequent label of pixels."""
        counts = labelled.flatten().bincount(minlength=self.outputs)
        return F.one_hot(counts.argmax(), self.outputs).float()[:, None, None]

    def ideal(self, target: Tensor) -> Tensor:
        """1 for a pixel's label, 0 for all others."""
        return F.one_hot(target.long(), self.outputs).float().permute(0, 3, 1, 2)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Mean cross-entropy in nats of logits ``[B, C, h, w]``, enlarged to the target ``[B, H, W]``."""
        maps = enlarge(output, (target.shape[-2], target.shape[-1]))
        # Pixel by pixel, as they lie in memory: with classes in between, softmax is a quarter slower.
        return F.cross_entropy(maps.permute(0, 2, 3, 1).reshape(-1, self.outputs), target.long().flatten())

    def scored(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        maps = enlarge(output, (target.shape[-2], target.shape[-1]))
        # Which each metric would look for by itself, by argmax, whose way across channels takes eight times as long.
        return maps.max(dim=1).indices, target.long()

    def meter(self) -> "MetricCollection":
        from torchmetrics import MetricCollection
        from torchmetrics.classification import MulticlassAccuracy, MulticlassJaccardIndex

        return MetricCollection(
            {
                "miou": MulticlassJaccardIndex(self.outputs, average="macro", validate_args=False),
                "pixel_accuracy": MulticlassAccuracy(self.outputs, average="micro", validate_args=False),
            },
            compute_groups=False,
        )


def check_size(task: Task, target: Tensor, resolution: int) -> None:
    """Raise ``DataError`` unless there is a number for every pixel of images of ``resolution``.

    >>> import torch
    >>> from headstart.tasks import Segmentation
    >>> check_size(Segmentation(["ball", "box"]), torch.zeros(10, 64, 64), resolution=64)
    """
    if tuple(target.shape[1:]) != (resolution, resolution):
        size = " x ".join(map(str, target.shape[1:])) or "1"
        raise DataError(
            f"task '{task.name}': target '{task.target}' has maps of {size} for images of {resolution} x {resolution} "
            "pixels: make them of one size"
        )
