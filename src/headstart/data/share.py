"""Which part of a joint batch this process has in hand, and how the parts come together."""

from dataclasses import dataclass

import torch
import torch.distributed
from torch import Tensor
from torch.distributed.nn.functional import all_gather

__all__ = ["Share"]


@dataclass(frozen=True)
class Share:
    """Part ``rank`` of ``processes`` equal, consecutive parts of a joint batch; alone, a process has all of it."""

    rank: int = 0
    processes: int = 1

    @classmethod
    def current(cls) -> "Share":
        """This process's part, by the process group that it has joined, if any."""
        if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
            return cls()
        return cls(torch.distributed.get_rank(), torch.distributed.get_world_size())

    def local(self, joint: Tensor) -> Tensor:
        """Rows ``[B / processes, ...]`` of ``joint [B, ...]`` that are this process's."""
        size, rest = divmod(len(joint), self.processes)
        assert not rest, f"a batch of {len(joint)} has no {self.processes} equal parts"
        return joint[self.rank * size : (self.rank + 1) * size]

    def gather(self, local: Tensor) -> Tensor:
        """``[B, ...]`` of every process's ``local [B / processes, ...]``, in order; a gradient finds its way back.

        Each process that computes a loss of the whole sends gradients to all parts, so that averaging the gradients
        of weights over processes gives those of one process on the joint batch.
        """
        if self.processes == 1:
            return local
        parts: tuple[Tensor, ...] = all_gather(local.contiguous())  # type: ignore[no-untyped-call]
        return torch.cat(parts)
