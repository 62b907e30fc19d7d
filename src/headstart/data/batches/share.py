"""Which part of a joint batch this process has in hand, and how the parts come together."""

from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed
from torch import Tensor

__all__ = ["ALONE", "Share"]


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

    def size(self, joint: int) -> int:
        """How many of ``joint`` rows are each process's."""
        size, rest = divmod(joint, self.processes)
        assert not rest, f"a batch of {joint} has no {self.processes} equal parts"
        return size

    def local(self, joint: Tensor) -> Tensor:
        """Rows ``[B / processes, ...]`` of ``joint [B, ...]`` that are this process's."""
        size = self.size(len(joint))
        return joint[self.rank * size : (self.rank + 1) * size]

    def gather(self, local: Tensor) -> Tensor:
        """``[B, ...]`` of every process's ``local [B / processes, ...]``, in order; a gradient finds its way back.

        Each process that computes a loss of the whole sends gradients to all parts, so that averaging the gradients
        of weights over processes gives those of one process on the joint batch.
        """
        if self.processes == 1:
            return local
        joint: Tensor = _Gathered.apply(local, self)  # type: ignore[no-untyped-call]
        return joint

    def average(self, values: Tensor) -> Tensor:
        """The mean of every process's ``values`` of equal shape, without gradients; equal bits in all of them."""
        if self.processes == 1:
            return values
        total = values.detach().clone()
        torch.distributed.all_reduce(total)
        return total / self.processes

    def first(self, answer: bool, device: torch.device) -> bool:
        """What the first process answers; ``device``: where the process group talks. The host waits for it."""
        if self.processes == 1:
            return answer
        answers = torch.tensor([int(answer)], device=device)
        torch.distributed.broadcast(answers, 0)
        return bool(answers.item())

    def wait(self, device: torch.device) -> None:
        """Go on when every process has come here."""
        if self.processes > 1:
            self.average(torch.zeros(1, device=device)).tolist()


ALONE = Share()


class _Gathered(torch.autograd.Function):
    """All parts in order; back comes, summed over processes, the gradient of one's own."""

    @staticmethod
    def forward(ctx: Any, local: Tensor, share: Share) -> Tensor:
        ctx.share, local = share, local.contiguous()
        parts = [torch.empty_like(local) for _ in range(share.processes)]
        torch.distributed.all_gather(parts, local)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        total = gradients[0].clone(memory_format=torch.contiguous_format)
        torch.distributed.all_reduce(total)
        return ctx.share.local(total), None
