"""Features of frozen backbones, computed once."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from headstart.backbones.base import Backbone, BackboneConfig, Features
from headstart.data.dataset import ImageSet
from headstart.training.precision import Precision, autocast

__all__ = ["Precomputed", "Standardise", "evaluating", "extract_features", "feature_batches", "feature_set", "together"]

BATCH, PIXELS = 256, 2**22
"""Images that a network looks at together, and the pixels that they have at most: memory goes with both."""


def extract_features(
    backbone: Backbone, images: ImageSet, *, per_location: bool = False, precision: Precision = "auto"
) -> Tensor:
    """Features of ``images``, unaugmented, in eval mode: float32 ``[N, D]`` on their device.

    per_location: the dense map ``[N, D, h, w]`` instead of its mean.

    >>> from headstart.backbones import build_backbone
    >>> from headstart.seeding import torch_generator
    >>> from headstart.testing import toy_images
    >>> backbone = build_backbone("resnet9", {"width": 2}, in_channels=3, generator=torch_generator("weights"))
    >>> extract_features(backbone, toy_images(10)).shape
    torch.Size([10, 8])
    """
    maps = torch.cat(list(feature_batches(backbone, images, per_location=per_location, precision=precision)))
    return maps if per_location else maps.flatten(1)


def feature_batches(
    backbone: Backbone, images: ImageSet, *, per_location: bool = False, precision: Precision = "auto"
) -> Iterator[Tensor]:
    """What ``feature_set`` holds, a batch at a time: float32 ``[B, D, h, w]``, 1x1 where pooled.

    >>> sum(len(batch) for batch in feature_batches(backbone, dataset.test))  # doctest: +SKIP
    """
    context = autocast(precision, images.device)
    for batch in images.batches(together(images)):
        with torch.no_grad(), evaluating(backbone), context():
            features: Features = backbone(batch)
        yield features.dense.float() if per_location else features.pooled[:, :, None, None].float()


def together(images: ImageSet) -> int:
    """How many images to look at together: 256 to 128 px a side, fewer of larger ones.

    >>> from headstart.testing import toy_images
    >>> together(toy_images(10))
    256
    """
    return max(1, min(BATCH, PIXELS // images.resolution**2))


def feature_set(
    backbone: Backbone, images: ImageSet, *, per_location: bool = False, precision: Precision = "auto"
) -> ImageSet:
    """``images`` with features in place of pixels, for ``Precomputed`` to read: ``[N, D, h, w]``, 1x1 where pooled.

    >>> from headstart.backbones import build_backbone
    >>> from headstart.seeding import torch_generator
    >>> from headstart.testing import toy_images
    >>> backbone = build_backbone("resnet9", {"width": 2}, in_channels=3, generator=torch_generator("weights"))
    >>> feature_set(backbone, toy_images(10)).images.shape
    torch.Size([10, 8, 1, 1])
    """
    maps = torch.cat(list(feature_batches(backbone, images, per_location=per_location, precision=precision)))
    return ImageSet(maps, images.targets)


class Precomputed(Backbone):
    """A backbone whose work is done: it passes on the features that a ``feature_set`` holds."""

    name = "precomputed"
    Config = BackboneConfig
    min_resolution = 1

    def __init__(self, dim: int) -> None:
        super().__init__(in_channels=dim, dim=dim)

    def features(self, images: Tensor) -> Features:
        return Features(images.mean(dim=(2, 3)), images)


class Standardise(nn.Module):
    """Features to zero mean and unit deviation by fixed statistics, so that no arm gains by the scale of its features.

    Statistics are those of ``known [N, D, h, w]``; a feature that is constant there is only centred. per_location:
    whether ``known`` are maps; what a head does not read, pooled features or maps, stays as it is.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, known: Tensor, *, per_location: bool = False) -> None:
        super().__init__()
        self.per_location = per_location
        deviation, mean = torch.std_mean(known, dim=(0, 2, 3), correction=0)
        self.register_buffer("mean", mean)
        self.register_buffer("scale", torch.where(deviation > 1e-6, 1 / deviation, 1.0))

    def forward(self, features: Features) -> Features:
        if not self.per_location:
            return Features((features.pooled - self.mean) * self.scale, features.dense)
        mean, scale = self.mean[:, None, None], self.scale[:, None, None]
        return Features(features.pooled, (features.dense - mean) * scale)


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """``module`` in eval mode, and back as every part of it was."""
    modes = {part: part.training for part in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for part, training in modes.items():
            part.training = training
