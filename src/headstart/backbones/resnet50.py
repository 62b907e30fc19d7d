"""ResNet50 for small images: no initial max-pool, a linear map before pooling (He et al., 2016)."""

import torch.nn.functional as F
from torch import Tensor, nn

from headstart.backbones.base import Backbone, Features
from headstart.backbones.shipped import ResNet50Config, ResNet50Traits

__all__ = ["ResNet50", "ResNet50Config"]

DEPTHS = (3, 4, 6, 3)
EXPANSION = 4
SEVEN, FIVE = 12, 15
"""The 5th of 6 blocks of stage 3 and the 2nd of 3 of stage 4, counted with the stem as 0."""


class ResNet50(ResNet50Traits, Backbone):
    """A 7x7 stem of stride 2, four stages of bottlenecks, then a linear map at every location."""

    min_resolution = 16
    local_stages = (SEVEN, FIVE)

    def __init__(self, config: ResNet50Config, in_channels: int) -> None:
        super().__init__(in_channels=in_channels, dim=config.dim)
        if config.dilated:
            self.min_resolution = 8
        width, inner = config.width, max(1, config.width // (2 if config.half else 1))
        self.stem = nn.Sequential(
            nn.Conv2d(in_channels, width, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        )
        blocks, channels = [], [width]
        for stage, depth in enumerate(DEPTHS):
            last = stage == len(DEPTHS) - 1
            stride = 1 if stage == 0 or (last and config.dilated) else 2
            # The first block's taps lie as they did with a stride; the blocks after it must reach twice as far.
            dilation = 2 if last and config.dilated else 1
            for block in range(depth):
                first = block == 0
                blocks.append(
                    Bottleneck(channels[-1], inner * 2**stage, stride if first else 1, 1 if first else dilation)
                )
                channels.append(EXPANSION * inner * 2**stage)
        self.blocks = nn.ModuleList(blocks)
        self.stage_channels = tuple(channels)
        self.project = nn.Linear(channels[-1], config.dim)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, Bottleneck) and config.zero_init:
                nn.init.zeros_(module.get_parameter("expand.1.weight"))

    def features(self, images: Tensor) -> Features:
        maps = [self.stem(images)]
        for block in self.blocks:
            maps.append(block(maps[-1]))
        dense = self.project(maps[-1].permute(0, 2, 3, 1))
        return Features(dense.mean(dim=(1, 2)), dense.permute(0, 3, 1, 2), tuple(maps))


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 convolutions beside a shortcut ``[B, inputs, H, W] -> [B, 4 inner, H / stride, W / stride]``."""

    def __init__(self, inputs: int, inner: int, stride: int, dilation: int) -> None:
        super().__init__()
        outputs = EXPANSION * inner
        self.reduce = nn.Sequential(
            nn.Conv2d(inputs, inner, 1, bias=False), nn.BatchNorm2d(inner), nn.ReLU(inplace=True)
        )
        self.spread = nn.Sequential(
            nn.Conv2d(inner, inner, 3, stride=stride, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm2d(inner),
            nn.ReLU(inplace=True),
        )
        self.expand = nn.Sequential(nn.Conv2d(inner, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, maps: Tensor) -> Tensor:
        return F.relu_(self.expand(self.spread(self.reduce(maps))).add_(self.shortcut(maps)))
