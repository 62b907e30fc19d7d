"""A small vision transformer whose features are the mean of its tokens (Dosovitskiy et al., 2021)."""

import math
from typing import Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from headstart.backbones.base import Backbone, BackboneConfig, Features
from headstart.errors import ConfigError
from headstart.schema import validate

__all__ = ["ViT", "ViTConfig", "positions"]

LONGEST_WAVE = 10_000.0


class ViTConfig(BackboneConfig):
    """patch: side in pixels of the square that is one token. width: size D of tokens and of the feature vector, a
    multiple of 4 and of ``heads``. depth: blocks. heads: of attention.
    """

    patch: int = Field(default=8, ge=1)
    width: int = Field(default=192, ge=4)
    depth: int = Field(default=6, ge=1)
    heads: int = Field(default=3, ge=1)

    @model_validator(mode="after")
    def _check_width(self) -> Self:
        if self.width % self.size_unit:
            raise ValueError(
                f"width is {self.width} and must be a multiple of 4 and of heads ({self.heads}): "
                f"take {max(1, self.width // self.size_unit) * self.size_unit}"
            )
        return self

    @property
    def size_unit(self) -> int:
        return math.lcm(4, self.heads)

    def halved(self) -> Self:
        """Half the width, and as many heads of about the same size as divide it."""
        half = self.width // 2
        heads = next(heads for heads in range(max(1, self.heads // 2), 0, -1) if half % heads == 0)
        return validate(type(self), self.model_dump() | {"width": half, "heads": heads}, "half of backbone 'vit'")


class ViT(Backbone):
    """A small vision transformer (Dosovitskiy et al., 2021).

    Square patches as tokens, blocks of attention, a layer norm.
    ``stages`` are the token maps before and after each block. Positions are fixed sines and cosines, so any resolution
    that ``patch`` divides will do. Attention spreads what a token knows block by block, so the two local maps are taken
    after one and two thirds of the blocks.
    """

    name = "vit"
    Config = ViTConfig

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
