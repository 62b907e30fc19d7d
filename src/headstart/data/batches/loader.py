"""Batches as a pure function of the step, so that a resumed run sees what an undisturbed one would have seen."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from headstart.data.batches.ahead import LARGE
from headstart.data.batches.share import ALONE, Share
from headstart.data.dataset import ImageSet
from headstart.data.transforms.augment import AugmentConfig, Draw, apply_draw, draw_augmentation
from headstart.data.transforms.moved_targets import fit_maps, move_targets
from headstart.seeding import torch_generator

__all__ = ["Batch", "Batches", "Loader"]


@dataclass(frozen=True)
class Batch:
    """One training batch of B images.

    index: int64 ``[B]``, rows of the image set that the loader has in hand. views: float32 ``[B, C, H, W]`` each,
    channels-last, normalised, augmented independently. targets: of the rows in ``index``, moved with the first view.
    generator: a stream that depends on (seed, step) alone. share: with several processes, views and targets are those
    of this process's part of the joint batch, while index and generator are the joint batch's: what is drawn per image
    is drawn for all and cut to the part (``share.local``), and features are put together (``share.gather``) where
    images are compared.
    """

    step: int
    index: Tensor
    views: tuple[Tensor, ...]
    targets: Mapping[str, Tensor]
    generator: torch.Generator
    share: Share = ALONE


class Batches(ABC):
    """Augmented batches by step. ``augment=None`` leaves images as they are.

    shared_flip: all views of an image are flipped, or none. share: which part of each batch of ``batch_size`` this
    process makes; it must be one of equal parts. All parts in order are the batch that one process makes, bit for bit.
    """

    def __init__(
        self,
        *,
        batch_size: int,
        seed: int,
        augment: AugmentConfig | None,
        views: int,
        shared_flip: bool = False,
        share: Share = ALONE,
    ) -> None:
        self.batch_size, self.seed, self.augment, self.views = batch_size, seed, augment, views
        self.shared_flip, self.share, self.local_size = shared_flip, share, share.size(batch_size)

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Where batches are."""

    @abstractmethod
    def _take(self, step: int) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """What makes the batch of ``step``: its index ``[B]``, and this process's images, prepared, and targets."""

    def batch(self, step: int) -> Batch:
        """The batch of ``step`` (from 0), the same whenever it is asked for."""
        generator = torch_generator(self.seed, "batch", step, device=self.device)
        index, images, targets = self._take(step)
        draws = [_part(draw, self.share) for draw in self._draws(images, generator)]
        views = tuple(apply_draw(images, draw) for draw in draws)
        moved = move_targets(fit_maps(targets, images.shape[-1]), draws[0])
        return Batch(step, index, views, moved, generator, self.share)

    def _draws(self, images: Tensor, generator: torch.Generator) -> list[Draw]:
        """What happens to each view of the joint batch."""
        draws = [self._draw(images, generator) for _ in range(self.views)]
        return [replace(draw, flip=draws[0].flip) for draw in draws] if self.shared_flip else draws

    def _draw(self, images: Tensor, generator: torch.Generator) -> Draw:
        if self.augment is None:
            return Draw()
        return draw_augmentation(self.augment, (self.batch_size, images.shape[1], images.shape[-1]), generator)


def _part(draw: Draw, share: Share) -> Draw:
    """What happens to the images of one process."""
    if share.processes == 1:
        return draw
    values = {field.name: getattr(draw, field.name) for field in fields(draw)}
    return Draw(**{name: share.local(value) if isinstance(value, Tensor) else value for name, value in values.items()})


class Loader(Batches):
    """Endless shuffled, augmented batches of an image set.

    Rows come in epochs, each a fresh permutation; a batch larger than the set spans several. Of images that are not
    where batches are, or too many to stay in memory for sure, the next batch is fetched while this one is used.
    """

    def __init__(
        self,
        images: ImageSet,
        *,
        batch_size: int,
        seed: int,
        augment: AugmentConfig | None,
        views: int = 1,
        shared_flip: bool = False,
        share: Share = ALONE,
    ) -> None:
        super().__init__(
            batch_size=batch_size, seed=seed, augment=augment, views=views, shared_flip=shared_flip, share=share
        )
        assert len(images) > 0, "an empty image set has no batches"
        self.images = images
        self._orders: dict[int, Tensor] = {}
        far = images.images.device != images.device or images.images.nbytes >= LARGE
        self._fetcher = ThreadPoolExecutor(1, thread_name_prefix="batches") if far else None
        self._next: tuple[int, Future[Tensor]] | None = None

    @property
    def device(self) -> torch.device:
        return self.images.device

    def _take(self, step: int) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        index = self._rows(step)
        local = self.share.local(index)
        raw = self._fetch(step, local) if self._fetcher else self.images.raw(local)
        return index.to(self.device, non_blocking=True), self.images.ready(raw), self.images.targets_at(local)

    def _fetch(self, step: int, rows: Tensor) -> Tensor:
        """Raw images of ``rows``, which the thread may have already; then it begins the next ones."""
        assert self._fetcher
        known = self._next[1] if self._next and self._next[0] == step else None
        raw = known.result() if known else self._read(rows)
        coming = self.share.local(self._rows(step + 1))
        self._next = step + 1, self._fetcher.submit(self._read, coming)
        return raw

    def _read(self, rows: Tensor) -> Tensor:
        raw = self.images.raw(rows)
        return raw.pin_memory() if self.device.type == "cuda" and not raw.is_cuda else raw

    def _rows(self, step: int) -> Tensor:
        count, start = len(self.images), step * self.batch_size
        stop = start + self.batch_size
        self._orders = {epoch: self._order(epoch) for epoch in range(start // count, (stop - 1) // count + 1)}
        parts = (order[max(0, start - epoch * count) : stop - epoch * count] for epoch, order in self._orders.items())
        return torch.cat(list(parts))

    def _order(self, epoch: int) -> Tensor:
        if epoch in self._orders:
            return self._orders[epoch]
        return torch.randperm(len(self.images), generator=torch_generator(self.seed, "epoch", epoch))
