"""The encoder of AMDIM: residual layers without padding, so features see bounded patches (Bachman et al., 2019)."""

import math

import torch.nn.functional as F
from torch import Tensor, nn

from headstart.backbones.base import Backbone, Features
from headstart.backbones.shipped import AmdimEncoderConfig, AmdimEncoderTraits

__all__ = ["AmdimEncoder", "AmdimEncoderConfig"]

MIN_RESOLUTION = {32: 24, 64: 48, 128: 95}
"""By the resolution that the encoder is made for: the smallest that leaves one location after the last 3x3 layer."""


class AmdimEncoder(AmdimEncoderTraits, Backbone):
    """Convolutions without padding, down to a 7x7, a 5x5 and a 3x3 map; the last one's mean is the feature.
    The global feature is the mean of a map rather than a map of one location, so dense tasks have locations to label.
    Hidden layers have no batch norm, as in the paper's own runs.
    """

    remedy = "or its option 'resolution' set to that of the images, 32 or 64"

    def __init__(self, config: AmdimEncoderConfig, in_channels: int) -> None:
        super().__init__(in_channels=in_channels, dim=config.dim)
        self.min_resolution = MIN_RESOLUTION[config.resolution]
        layers = _layers(config, in_channels)
        self.layers = nn.ModuleList(layer for layer, _ in layers)
        self.stage_channels = tuple(channels for _, channels in layers)
        self.local_stages = (len(layers) - 4, len(layers) - 3)
        self.norm = nn.BatchNorm2d(config.dim)
        _initialise(self)

    def features(self, images: Tensor) -> Features:
        maps = [images]
        for layer in self.layers:
            maps.append(layer(maps[-1]))
        dense = self.norm(maps[-1])
        return Features(dense.mean(dim=(2, 3)), dense, tuple(maps[1:]))


class ResidualLayer(nn.Module):
    """Two convolutions beside an averaging shortcut ``[B, inputs, H, W] -> [B, outputs, h, w]``.

    Channels that the shortcut lacks are zeros; those too many are left out.
    """

    def __init__(self, inputs: int, outputs: int, side: int, stride: int = 1, pad: int = 0) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, side, stride, pad, bias=False)
        self.second = nn.Conv2d(outputs, outputs, 1, bias=False)
        self.window, self.grow = (side, stride, pad), outputs - inputs

    def forward(self, maps: Tensor) -> Tensor:
        # ``maps`` is a stage that others may keep, so nothing here works in place on it.
        shortcut = maps if self.window == (1, 1, 0) else F.avg_pool2d(maps, *self.window)
        if self.grow:
            shortcut = F.pad(shortcut, (0, 0, 0, 0, 0, self.grow))
        output: Tensor = self.second(F.relu_(self.first(maps))) + shortcut
        return output


def _layers(config: AmdimEncoderConfig, in_channels: int) -> list[tuple[nn.Module, int]]:
    """The layers with their channels, by the resolution of the images."""
    width, depth = config.width, config.depth
    if config.resolution == 32:
        first = [(_convolution(in_channels, width, 3), width), (ResidualLayer(width, width, 1), width)]
        wide, downs = 4 * width, [(width, 2 * width, 4), (2 * width, 4 * width, 2)]
    else:
        wide = 8 * width
        downs = [(width, 2 * width, 4), (2 * width, 4 * width, 4), (4 * width, 8 * width, 2)]
        first = [(_convolution(in_channels, width, 3), width)]
    if config.resolution == 128:
        opening = (_convolution(in_channels, width, 5, stride=2, pad=2), width)
        first = [opening, (_convolution(width, width, 3), width)]
    blocks = [(_block(inputs, outputs, side, 2, depth), outputs) for inputs, outputs, side in downs]
    valid = [(_block(wide, wide, 3, 1, depth), wide) for _ in range(2)]
    return [*first, *blocks, *valid, (ResidualLayer(wide, config.dim, 3, pad=1), config.dim)]


def _convolution(inputs: int, outputs: int, side: int, stride: int = 1, pad: int = 0) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, outputs, side, stride, pad), nn.ReLU(inplace=True))


def _block(inputs: int, outputs: int, side: int, stride: int, depth: int) -> nn.Module:
    rest = [ResidualLayer(outputs, outputs, 1) for _ in range(depth - 1)]
    return nn.Sequential(ResidualLayer(inputs, outputs, side, stride), *rest)


def _initialise(encoder: nn.Module) -> None:
    """He's weights, with residual branches scaled so that their sum, which no batch norm tames, keeps its size."""
    branches = [module for module in encoder.modules() if isinstance(module, ResidualLayer)]
    for module in encoder.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    for branch in branches:
        branch.second.weight.data.mul_(1 / math.sqrt(len(branches)))
