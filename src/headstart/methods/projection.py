"""What methods share that compare projections of two views of an image."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import pairwise

import torch
from torch import Tensor, nn

from headstart.data.batches.loader import Batch
from headstart.methods.base import Method
from headstart.methods.shipped import TwoViewsTraits

__all__ = ["TwoViews", "full_precision", "mlp", "off_diagonal", "wide"]

NARROWEST = 128
"""Narrower projectors than this cost a small network little less, and these methods gain from width."""


class TwoViews(TwoViewsTraits, Method):
    """A method that compares projections of two independently augmented views of an image.

    Children build ``projector``, which takes the pooled features and does not survive pretraining.
    """

    projector: nn.Module

    def projections(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Float32 ``[B, outputs]`` of both views, for all B images of the joint batch.

        Views pass one after the other, so that a batch norm sees one of them at a time. A loss of what comes back is
        the joint batch's, on every process.
        """
        self.check_batch(batch)
        first, second = (batch.share.gather(self.projector(self.backbone(view).pooled).float()) for view in batch.views)
        return first, second


def wide(given: int | None, features: int, times: int) -> int:
    """Width of a layer: as ``given``, else ``times`` the backbone's ``features``, and 128 at least."""
    return given or max(NARROWEST, times * features)


def mlp(sizes: Sequence[int], *, last_bias: bool = True) -> nn.Sequential:
    """Linear layers ``[B, sizes[0]] -> [B, sizes[-1]]``, with a batch norm and a ReLU between two of them."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes[:-1]):
        # The batch norm would take away a bias.
        layers += [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1], bias=last_bias))


def off_diagonal(matrix: Tensor) -> Tensor:
    """``matrix [D, D]`` with zeros on its diagonal."""
    return matrix.masked_fill(torch.eye(len(matrix), dtype=torch.bool, device=matrix.device), 0)


def full_precision(like: Tensor) -> AbstractContextManager[object]:
    """Computes as precisely as its inputs are, on the device of ``like``, whatever autocast is on outside."""
    return torch.autocast(like.device.type, enabled=False)
