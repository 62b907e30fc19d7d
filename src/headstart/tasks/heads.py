"""Heads: from the features of an image, or of each of its locations, to outputs."""

import torch.nn.functional as F
from torch import Tensor, nn

from headstart.backbones.base import Backbone, Features

__all__ = ["DenseHead", "PooledHead", "enlarge", "mlp_layers", "task_head"]


def task_head(backbone: Backbone, outputs: int, *, per_location: bool, mlp: bool) -> nn.Module:
    """One linear layer, or the study's MLP, on the pooled features or at every location."""
    inputs = backbone.dense_dim if per_location else backbone.dim
    if per_location:
        return DenseHead(_dense_mlp(inputs, outputs) if mlp else nn.Conv2d(inputs, outputs, 1))
    return PooledHead(mlp_layers(inputs, outputs) if mlp else nn.Linear(inputs, outputs))


class PooledHead(nn.Module):
    """``layers`` on the pooled vector: ``Features -> [B, outputs]``."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, features: Features) -> Tensor:
        # Losses are taken in float32 whatever the precision of the network.
        output: Tensor = self.layers(features.pooled)
        return output.float()


class DenseHead(nn.Module):
    """``layers`` at every location: ``Features -> [B, outputs, h, w]``, as coarse as the features."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, features: Features) -> Tensor:
        output: Tensor = self.layers(features.dense)
        return output.float()


def mlp_layers(inputs: int, outputs: int) -> nn.Sequential:
    """The study's MLP head: linear without bias, batch norm, ReLU, linear.

    >>> len(mlp_layers(inputs=512, outputs=10))
    4
    """
    return nn.Sequential(
        nn.Linear(inputs, inputs, bias=False), nn.BatchNorm1d(inputs), nn.ReLU(), nn.Linear(inputs, outputs)
    )


def _dense_mlp(inputs: int, outputs: int) -> nn.Sequential:
    """The same at every location."""
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 1, bias=False), nn.BatchNorm2d(inputs), nn.ReLU(), nn.Conv2d(inputs, outputs, 1)
    )


def enlarge(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """``[B, C, h, w]`` to ``[B, C, *size]``, bilinear, corners where pixels' corners are.

    Scoring happens at the target's resolution, as does training where the backbone is trained along or least squares
    are solved; probes of frozen maps learn from targets shrunk to these, as in the original study.

    >>> import torch
    >>> enlarge(torch.zeros(2, 10, 4, 4), (32, 32)).shape
    torch.Size([2, 10, 32, 32])
    """
    if maps.shape[-2:] == size:
        return maps
    return F.interpolate(maps, size=size, mode="bilinear", align_corners=False)
