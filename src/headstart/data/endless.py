"""Batches of images that are made while training goes on, none of them seen twice."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from headstart.data.augment import AugmentConfig
from headstart.data.dataset import ImageSet
from headstart.data.loader import Batches

__all__ = ["EndlessLoader"]

BLOCK = 256
"""About as many images are made at a time; it bounds memory and does not change a batch."""


class EndlessLoader(Batches):
    """Batch ``step`` of B images shows rows ``step * B`` to ``(step + 1) * B`` of an endless stream, unlabelled.

    make: (start, stop) to normalised images ``[stop - start, C, H, W]`` on ``device``, a pure function, called in a
    thread of its own: while training uses one block of images, the next is made.
    """

    def __init__(
        self,
        make: Callable[[int, int], Tensor],
        device: torch.device,
        *,
        batch_size: int,
        seed: int,
        augment: AugmentConfig | None,
        views: int = 1,
        shared_flip: bool = False,
    ) -> None:
        super().__init__(batch_size=batch_size, seed=seed, augment=augment, views=views, shared_flip=shared_flip)
        self._make, self._device = make, device
        self._steps = max(1, BLOCK // batch_size)
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="images")
        self._blocks: dict[int, Future[Tensor]] = {}

    @property
    def device(self) -> torch.device:
        return self._device

    def close(self) -> None:
        """Stop making images."""
        self._maker.shutdown(cancel_futures=True)

    def _take(self, step: int) -> tuple[ImageSet, Tensor]:
        block, place = divmod(step, self._steps)
        wanted = (block, block + 1)
        self._blocks = {number: self._blocks.get(number) or self._begin(number) for number in wanted}
        rows = torch.arange(place * self.batch_size, (place + 1) * self.batch_size, device=self.device)
        return ImageSet(self._blocks[block].result()), rows

    def _begin(self, block: int) -> "Future[Tensor]":
        size = self._steps * self.batch_size
        return self._maker.submit(self._make, block * size, (block + 1) * size)
