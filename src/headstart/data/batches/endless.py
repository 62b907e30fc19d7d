"""Batches of images that are made while training goes on, none of them seen twice."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import torch
from torch import Tensor

from headstart.data.batches.loader import Batches
from headstart.data.batches.share import ALONE, Share
from headstart.data.transforms.augment import AugmentConfig
from headstart.data.transforms.input import Preparation

__all__ = ["EndlessLoader"]

BLOCK = 256
"""About as many images are made at a time; it bounds memory and does not change a batch."""


class EndlessLoader(Batches):
    """Batch ``step`` of B images shows rows ``step * B`` to ``(step + 1) * B`` of an endless stream, unlabelled.

    make: (start, stop) to raw images ``[stop - start, C, H, W]``, a pure function, called in a thread of its own: while
    training uses one block of images, the next is made. A process makes its own part only. prepare: what a network gets
    of them, and where.
    """

    def __init__(
        self,
        make: Callable[[int, int], Tensor],
        prepare: Preparation,
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
        self._make, self._prepare = make, prepare
        self._steps = max(1, BLOCK // self.local_size)
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="images")
        self._blocks: dict[int, Future[Tensor]] = {}

    @property
    def device(self) -> torch.device:
        return self._prepare.device or torch.device("cpu")

    def close(self) -> None:
        """Stop making images."""
        self._maker.shutdown(cancel_futures=True)

    def _take(self, step: int) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        block, turn = divmod(step, self._steps)
        wanted = (block, block + 1)
        self._blocks = {number: self._blocks.get(number) or self._begin(number) for number in wanted}
        made = self._blocks[block].result()[turn * self.local_size : (turn + 1) * self.local_size]
        index = torch.arange(turn * self.batch_size, (turn + 1) * self.batch_size, device=self.device)
        return index, self._prepare(made), {}

    def _begin(self, block: int) -> "Future[Tensor]":
        return self._maker.submit(self._block, range(block * self._steps, (block + 1) * self._steps))

    def _block(self, steps: range) -> Tensor:
        """This process's images of ``steps``; alone, it asks for them at once."""
        if self.share.processes == 1:
            return self._make(steps.start * self.batch_size, steps.stop * self.batch_size)
        starts = [step * self.batch_size + self.share.rank * self.local_size for step in steps]
        return torch.cat([self._make(start, start + self.local_size) for start in starts])
