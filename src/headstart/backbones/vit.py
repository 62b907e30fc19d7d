"""A small vision transformer whose features are the mean of its tokens (Dosovitskiy et al., 2021)."""

import math

import torch
from torch import Tensor, nn

from headstart.backbones.base import Backbone, Features
from headstart.backbones.shipped import ViTConfig, ViTTraits
from headstart.errors import ConfigError

__all__ = ["ViT", "ViTConfig", "positions"]

LONGEST_WAVE = 10_000.0


class ViT(ViTTraits, Backbone):
    """Square patches as tokens, blocks of attention, a layer norm.
    ``stages`` are the token maps before and after each block. Positions are fixed sines and cosines, so any resolution
    that ``patch`` divides will do. Attention spreads what a token knows block by block, so the two local maps are taken
    after one and two thirds of the blocks.
    """

    def __init__(self, config: ViTConfig, in_channels: int) -> None:
        super().__init__(in_channels=in_channels, dim=config.width)
        self.patch, self.min_resolution = config.patch, 2 * config.patch
        self.stage_channels = (config.width,) * (config.depth + 1)
        self.local_stages = (config.depth // 3, max(1, 2 * config.depth // 3))
        self.embed = nn.Conv2d(in_channels, config.width, config.patch, stride=config.patch)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                config.width,
                config.heads,
                4 * config.width,
                dropout=0.0,
                activation="gelu",
                batch_first=True,
                norm_first=True,
            )
            for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(config.width)

    def check_input(self, channels: int, resolution: int) -> None:
        super().check_input(channels, resolution)
        if resolution % self.patch:
            raise ConfigError(
                f"resolution {resolution} is no multiple of {self.patch}, the patch of backbone 'vit': "
                f"choose a patch that divides it, such as {math.gcd(resolution, self.patch)}"
            )

    def features(self, images: Tensor) -> Features:
        maps = self.embed(images)
        shape = rows, columns = int(maps.shape[2]), int(maps.shape[3])
        tokens = maps.flatten(2).transpose(1, 2) + positions(rows, columns, self.dim, maps)
        stages = [tokens]
        for block in self.blocks:
            stages.append(block(stages[-1]))
        dense = self.norm(stages[-1])
        return Features(dense.mean(dim=1), _as_map(dense, shape), tuple(_as_map(stage, shape) for stage in stages))


def positions(rows: int, columns: int, dim: int, like: Tensor) -> Tensor:
    """Fixed positions ``[rows * columns, dim]``: a quarter each of sines and cosines of the row, then of the column.

    Wavelengths go from 2 pi to 10 000 x 2 pi tokens (Vaswani et al., 2017, in two dimensions). Type and device: those
    of ``like``.
    """
    steps = torch.arange(dim // 4, device=like.device, dtype=torch.float32) / (dim // 4)
    frequencies = LONGEST_WAVE**-steps
    row, column = (torch.arange(n, device=like.device)[:, None] * frequencies for n in (rows, columns))
    waves = [torch.cat([axis.sin(), axis.cos()], dim=1) for axis in (row, column)]
    down, across = waves[0][:, None].expand(-1, columns, -1), waves[1][None].expand(rows, -1, -1)
    return torch.cat([down, across], dim=2).view(rows * columns, dim).to(like.dtype)


def _as_map(tokens: Tensor, shape: tuple[int, int]) -> Tensor:
    return tokens.view(len(tokens), *shape, -1).permute(0, 3, 1, 2)
