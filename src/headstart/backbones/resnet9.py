"""ResNet9: the small residual network of the study, at any width (Newell & Deng, 2020, supplement)."""

import torch.nn.functional as F
from torch import Tensor, nn

from headstart.backbones.base import Backbone, Features
from headstart.backbones.shipped import ResNet9Config, ResNet9Traits

__all__ = ["ResNet9", "ResNet9Config"]

CELU_ALPHA = 0.075


class ResNet9(ResNet9Traits, Backbone):
    """Stem, then three stages that each halve the resolution, then a linear map at every location."""

    min_resolution = 8
    local_stages = (3, 4)

    def __init__(self, config: ResNet9Config, in_channels: int) -> None:
        super().__init__(in_channels=in_channels, dim=config.dim)
        if config.dilated:
            self.min_resolution = 4
        width, narrow = config.width, 2 if config.half else 1
        first, second, third = 2 * width, 4 * width // narrow, 8 * width
        self.stage_channels = (width, first // narrow, first, second, third, third)
        self.stem = nn.Sequential(_conv3x3(in_channels, width), nn.BatchNorm2d(width), nn.ReLU(inplace=True))
        self.blocks = nn.ModuleList(
            [
                _pooling_block(width, first // narrow),
                BasicBlock(first // narrow, first // narrow, first),
                _pooling_block(first, second),
                _pooling_block(second, third, pool=not config.dilated),
                BasicBlock(third, third // narrow, third, dilation=2 if config.dilated else 1),
            ]
        )
        self.project = nn.Linear(third, config.dim)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def features(self, images: Tensor) -> Features:
        maps = [self.stem(images)]
        for block in self.blocks:
            maps.append(block(maps[-1]))
        dense = self.project(maps[-1].permute(0, 2, 3, 1))
        return Features(dense.mean(dim=(1, 2)), dense.permute(0, 3, 1, 2), tuple(maps))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut ``[B, inputs, H, W] -> [B, outputs, H, W]``."""

    def __init__(self, inputs: int, inner: int, outputs: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = nn.Sequential(_conv3x3(inputs, inner, dilation), nn.BatchNorm2d(inner), nn.ReLU(inplace=True))
        self.second = nn.Sequential(_conv3x3(inner, outputs, dilation), nn.BatchNorm2d(outputs))
        self.shortcut: nn.Module = nn.Identity()
        if inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, maps: Tensor) -> Tensor:
        # In place because memory traffic, not arithmetic, is what small networks wait for.
        return F.relu_(self.second(self.first(maps)).add_(self.shortcut(maps)))


def _conv3x3(inputs: int, outputs: int, dilation: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation, bias=False)


def _pooling_block(inputs: int, outputs: int, *, pool: bool = True) -> nn.Sequential:
    return nn.Sequential(
        _conv3x3(inputs, outputs),
        nn.MaxPool2d(2) if pool else nn.Identity(),
        nn.BatchNorm2d(outputs),
        nn.CELU(CELU_ALPHA, inplace=True),
    )
