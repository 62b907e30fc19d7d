"""Depth estimation: how far away every pixel is, along the optical axis."""

from copy import copy
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor

from headstart.errors import DataError
from headstart.tasks.base import Task
from headstart.tasks.heads import enlarge
from headstart.tasks.segmentation import check_size
from headstart.tasks.shipped import DepthTraits

if TYPE_CHECKING:
    from torchmetrics import MetricCollection

__all__ = ["Depth"]


class Depth(DepthTraits, Task):
    """L1; RMSE, share of pixels within 1.25 and 1.1 times the truth, relative error. Runs are judged by the RMSE: where
    most pixels are a far background, calling all of them background is within 1.25 more often than any network whose
    maps are coarse, which is wrong along outlines.
    Targets are ``[N, H, W]`` in scene units, above 0. An output of 0 means ``centre``, one of 1 means ``centre +
    spread``: the median of the labelled depths and their mean distance from it, so that heads work near 1 in any units.
    A prediction of 0 or below is never counted right. Depth 0, which a random crop leaves behind, does not count.
    """

    centre: float = 0.0
    spread: float = 1.0

    def check_target(self, target: Tensor, resolution: int) -> None:
        check_size(self, target, resolution)
        maps = target.flatten(1)
        wrong = ~(torch.isfinite(maps) & (maps > 0)).all(dim=1)
        if wrong.any():
            row = int(wrong.nonzero()[0])
            bad = maps[row][~(torch.isfinite(maps[row]) & (maps[row] > 0))][0]
            raise DataError(
                f"task 'depth': {int(wrong.sum())} maps hold depths that are not above 0 and finite, the first of them "
                f"row {row} with {float(bad):g}: give every pixel a depth, the background too"
            )

    def fitted(self, labelled: Tensor) -> Self:
        depths = labelled.float()
        fitted = copy(self)
        fitted.centre = float(depths.median())
        fitted.spread = max(float((depths - fitted.centre).abs().mean()), 1e-6)
        return fitted

    def constant(self, labelled: Tensor) -> Tensor:
        """``[1, 1, 1]``: the mean, which the RMSE is least for, by which runs are judged."""
        return ((labelled.float().mean() - self.centre) / self.spread).view(1, 1, 1)

    def ideal(self, target: Tensor) -> Tensor:
        return ((target.float() - self.centre) / self.spread)[:, None]

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Mean distance of predictions from ``[B, H, W]``, in units of ``spread``."""
        predicted, known = self.answer(output, (target.shape[-2], target.shape[-1])), target > 0
        # A product, where picking the known pixels out would cost more than the rest of the loss.
        return ((predicted - target).abs() * known).sum() / known.sum() / self.spread

    def scored(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        height, width = target.shape[-2:]
        predicted, known = self.answer(output, (height, width)), target > 0
        return predicted[known], target[known].float()

    def answer(self, output: Tensor, size: tuple[int, int]) -> Tensor:
        """Depths ``[B, *size]`` in scene units."""
        return enlarge(output, size)[:, 0] * self.spread + self.centre

    def meter(self) -> "MetricCollection":
        from torchmetrics import MeanAbsolutePercentageError, MeanSquaredError, MetricCollection

        from headstart.tasks.ratio import WithinRatio

        return MetricCollection(
            {
                "delta_125": WithinRatio(1.25),
                "delta_110": WithinRatio(1.1),
                "rmse": MeanSquaredError(squared=False),
                "abs_rel": MeanAbsolutePercentageError(),
            },
            compute_groups=False,
        )
