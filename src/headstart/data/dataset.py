"""Image sets: what every source yields and every trainer asks for batches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from headstart.data.batches.ahead import LARGE, expect
from headstart.data.transforms.color import Normalisation
from headstart.data.transforms.input import AS_THEY_COME, ImageInput, Preparation

__all__ = ["Dataset", "ImageSet", "Normalisation"]

TOGETHER = 256
"""Images that are prepared at a time."""
SAME_SIZE = {torch.uint16: torch.int16}
"""Of types that torch cannot pick rows from everywhere, the one that has the same bytes."""


@dataclass(frozen=True)
class ImageSet:
    """N images with named targets, raw, and how batches for a network are made of them.

    images: uint8, uint16 or float32 ``[M, C, H, W]``, laid out as ``[M, H, W, C]``; perhaps mapped from a file, so that
    none may write into them or copy all of them. targets: ``class [N]`` int64, ``pose [N]`` int64,
    ``rotation [N, 3, 3]`` float32, maps ``[N, H, W]``. rows: int64 ``[N]``, which of ``images``; ``None``: all.
    prepare: what a network gets of raw images, and where.
    """

    images: Tensor
    targets: Mapping[str, Tensor] = field(default_factory=dict)
    rows: Tensor | None = None
    prepare: Preparation = AS_THEY_COME

    def __post_init__(self) -> None:
        assert self.images.ndim == 4, f"images must be [N, C, H, W], not {tuple(self.images.shape)}"
        for name, values in self.targets.items():
            assert len(values) == len(self), f"target '{name}' has {len(values)} rows for {len(self)} images"

    def __len__(self) -> int:
        return len(self.images) if self.rows is None else len(self.rows)

    @property
    def device(self) -> torch.device:
        """Where batches are."""
        return self.prepare.device or self.images.device

    @property
    def channels(self) -> int:
        """Of what a network gets."""
        return self.prepare.channels or int(self.images.shape[1])

    @property
    def resolution(self) -> int:
        """Pixels per side of what a network gets."""
        return self.prepare.resolution or int(self.images.shape[-1])

    @property
    def raw_resolution(self) -> int:
        """Pixels per side of the images, and of maps among the targets."""
        return int(self.images.shape[-1])

    def raw(self, index: Tensor) -> Tensor:
        """The images at ``index`` (int64 ``[B]``) as they came, on their own device."""
        rows = self._expected(index)
        kind = self.images.dtype
        pixels = self.images.permute(0, 2, 3, 1).view(SAME_SIZE.get(kind, kind))
        return pixels.index_select(0, rows).view(kind).permute(0, 3, 1, 2)

    def _expected(self, index: Tensor) -> Tensor:
        """Which of ``images`` are at ``index``; the kernel may read them now."""
        rows = index.to(self.images.device)
        rows = rows if self.rows is None else self.rows.to(rows.device)[rows]
        expect(self.images, rows)
        return rows

    def ready(self, raw: Tensor) -> Tensor:
        """What a network gets of ``raw`` ones: float32 ``[B, C, H, W]`` on ``device``, channels-last."""
        return self.prepare(raw)

    def batch(self, index: Tensor) -> Tensor:
        """What a network gets of the images at ``index`` (int64 ``[B]``): float32 on ``device``, channels-last."""
        return self.ready(self.raw(index))

    def batches(self, size: int) -> Iterator[Tensor]:
        """What a network gets, in order, ``size`` images at a time."""
        for start in range(0, len(self), size):
            raw = self.raw(torch.arange(start, min(start + size, len(self))))
            self._expected(torch.arange(min(start + size, len(self)), min(start + 2 * size, len(self))))
            yield self.ready(raw)

    def prepared(self, draws: int) -> "ImageSet":
        """The same images, prepared once, where ``draws`` of them are going to be asked for and that is less work.

        Itself where they would not stay in memory for sure.
        """
        floats = len(self) * self.channels * self.resolution**2 * torch.float32.itemsize
        if draws < len(self) or floats >= LARGE:
            return self
        images = torch.cat(list(self.batches(TOGETHER)))
        return ImageSet(images, self.targets, prepare=Preparation(device=images.device))

    def targets_at(self, index: Tensor) -> dict[str, Tensor]:
        """Every target's rows at ``index`` (int64 ``[B]``), on ``device``."""
        return {name: values[index.to(values.device)].to(self.device) for name, values in self.targets.items()}

    def subset(self, index: Tensor) -> "ImageSet":
        """The images and targets at ``index`` (int64 ``[n]``, or bool ``[N]``); no image is copied."""
        index = index.nonzero().flatten() if index.dtype == torch.bool else index
        targets = {name: values[index.to(values.device)] for name, values in self.targets.items()}
        rows = index if self.rows is None else self.rows[index.to(self.rows.device)]
        return replace(self, targets=targets, rows=rows)

    def first(self, count: int) -> "ImageSet":
        """The first ``count`` images, or all where there are fewer."""
        return self.subset(torch.arange(min(count, len(self))))

    def to(self, device: torch.device | str) -> "ImageSet":
        """Everything, copied to ``device``."""
        targets = {name: values.to(device) for name, values in self.targets.items()}
        prepare = replace(self.prepare, device=torch.device(device))
        return replace(self, images=self.images.to(device), targets=targets, prepare=prepare)


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

    @property
    def test(self) -> ImageSet:
        return self.splits["test"]

    @property
    def bytes(self) -> int:
        """Of all images and targets."""
        parts = [part for split in self.splits.values() for part in (split.images, *split.targets.values())]
        return sum(part.nbytes for part in parts)

    def presented(self, to: ImageInput, device: torch.device | None = None) -> "Dataset":
        """Its images as a network expects them, batch by batch, on ``device`` (``None``: where they are).

        Raises ``ConfigError`` for images that cannot become that.
        """
        prepare = to.preparation(int(self.train.images.shape[1]), self.normalisation, device)
        splits = {split: replace(images, prepare=prepare) for split, images in self.splits.items()}
        return replace(self, splits=splits)

    def to(self, device: torch.device | str) -> "Dataset":
        return replace(self, splits={split: images.to(device) for split, images in self.splits.items()})
