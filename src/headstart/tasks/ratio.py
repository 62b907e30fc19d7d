"""The depth metric that torchmetrics lacks."""

import torch
from torch import Tensor
from torchmetrics import Metric

__all__ = ["WithinRatio"]


class WithinRatio(Metric):  # type: ignore[misc]
    """Share of predictions with ``max(p / t, t / p)`` below ``limit`` (Eigen et al., 2014), 0 to 1.

    A prediction of 0 or below has no such ratio and is wrong.
    """

    full_state_update = False
    within: Tensor
    total: Tensor

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.limit = limit
        self.add_state("within", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("total", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, predicted: Tensor, target: Tensor) -> None:
        """Positive ``target`` and ``predicted`` of one shape."""
        ratio = torch.maximum(predicted / target, target / predicted)
        self.within += ((predicted > 0) & (ratio < self.limit)).sum()
        self.total += target.numel()

    def compute(self) -> Tensor:
        return (self.within / self.total).float()
