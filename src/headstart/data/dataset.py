"""Image sets in memory: what every source yields and every trainer reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

__all__ = ["SPLITS", "Dataset", "ImageSet", "Normalisation"]

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation per channel, in the units of a color space (Lab: L 0–100, a and b about ±100)."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True)
class ImageSet:
    """Images with named targets.

    images: uint8 (or uint16, float32) ``[N, C, H, W]``; or, once prepared, normalised float.
    targets: ``class [N]`` int64, ``pose [N]`` int64, ``rotation [N, 3, 3]`` float32; each as long as ``images``.
    """

    images: Tensor
    targets: Mapping[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert self.images.ndim == 4, f"images must be [N, C, H, W], not {tuple(self.images.shape)}"
        for name, values in self.targets.items():
            assert len(values) == len(self.images), f"target '{name}' has {len(values)} rows for {len(self)} images"

    def __len__(self) -> int:
        return len(self.images)

    @property
    def channels(self) -> int:
        return int(self.images.shape[1])

    @property
    def resolution(self) -> int:
        return int(self.images.shape[-1])

    def subset(self, index: Tensor) -> "ImageSet":
        """The images and targets at ``index`` (int64 or bool ``[n]``)."""
        return ImageSet(self.images[index], {name: values[index] for name, values in self.targets.items()})

    def to(self, device: torch.device | str) -> "ImageSet":
        return ImageSet(self.images.to(device), {name: values.to(device) for name, values in self.targets.items()})


@dataclass(frozen=True)
class Dataset:
    """Three disjoint image sets and what is known of them.

    splits: ``train``, ``val`` (serves every choice), ``test`` (only reported). classes: names by class number.
    normalisation: per color space, from the training split alone. fingerprint: hash of the contents.
    """

    name: str
    splits: Mapping[str, ImageSet]
    classes: tuple[str, ...]
    normalisation: Mapping[str, Normalisation]
    fingerprint: str

    @property
    def train(self) -> ImageSet:
        return self.splits["train"]

    def to(self, device: torch.device | str) -> "Dataset":
        return replace(self, splits={split: images.to(device) for split, images in self.splits.items()})
