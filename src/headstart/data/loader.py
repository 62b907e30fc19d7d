"""Batches as a pure function of the step, so that a resumed run sees what an undisturbed one would have seen."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from headstart.data.augment import AugmentConfig, Draw, apply_draw, draw_augmentation
from headstart.data.dataset import ImageSet
from headstart.seeding import torch_generator

__all__ = ["Batch", "Loader"]


@dataclass(frozen=True)
class Batch:
    """One training batch of B images.

    index: int64 ``[B]``, rows of the image set. views: float32 ``[B, C, H, W]`` each, channels-last, normalised,
    augmented independently. targets: of the rows in ``index``. generator: a stream that depends on (seed, step) alone.
    """

    step: int
    index: Tensor
    views: tuple[Tensor, ...]
    targets: Mapping[str, Tensor]
    generator: torch.Generator


class Loader:
    """Endless shuffled, augmented batches of an image set that lives, prepared, on its device.

    Rows come in epochs, each a fresh permutation; a batch larger than the set spans several. ``augment=None`` leaves
    images as they are.
    """

    def __init__(
        self, images: ImageSet, *, batch_size: int, seed: int, augment: AugmentConfig | None, views: int = 1
    ) -> None:
        assert len(images) > 0, "an empty image set has no batches"
        self.images, self.batch_size, self.seed, self.views = images, batch_size, seed, views
        self.augment = augment
        self._orders: dict[int, Tensor] = {}

    @property
    def steps_per_epoch(self) -> int:
        """Steps after which every image has been seen at least once."""
        return -(-len(self.images) // self.batch_size)

    def batch(self, step: int) -> Batch:
        """The batch of ``step`` (from 0), the same whenever it is asked for."""
        device = self.images.images.device
        generator = torch_generator(self.seed, "batch", step, device=device)
        index = self._rows(step).to(device, non_blocking=True)
        views = tuple(apply_draw(self.images.images, index, self._draw(generator)) for _ in range(self.views))
        targets = {name: values[index] for name, values in self.images.targets.items()}
        return Batch(step, index, views, targets, generator)

    def _draw(self, generator: torch.Generator) -> Draw:
        if self.augment is None:
            return Draw()
        return draw_augmentation(
            self.augment, (self.batch_size, self.images.channels, self.images.resolution), generator
        )

    def _rows(self, step: int) -> Tensor:
        count, start = len(self.images), step * self.batch_size
        first, last = start // count, (start + self.batch_size - 1) // count
        self._orders = {epoch: self._order(epoch) for epoch in range(first, last + 1)}
        rows = torch.cat([self._orders[epoch] for epoch in range(first, last + 1)])
        return rows[start - first * count :][: self.batch_size]

    def _order(self, epoch: int) -> Tensor:
        if epoch in self._orders:
            return self._orders[epoch]
        return torch.randperm(len(self.images), generator=torch_generator(self.seed, "epoch", epoch))
