"""Two half-width networks that see different channels: lightness and color (Tian et al., 2020, CMC)."""

from collections.abc import Callable

import torch
from torch import Tensor

from headstart.backbones.base import Backbone, Features
from headstart.errors import ConfigError

__all__ = ["SplitBackbone"]


class SplitBackbone(Backbone):
    """One network for the first channel (L) and one for the rest (ab), features concatenated, L first.

    Heads see the halves as they are. The contrastive objective normalises each half to unit length, but that would
    hide the length of a feature vector from a head, scale its inputs down by about the square root of their number, and
    break ``pooled == mean of dense``; so normalising stays with the objective.
    ``stages`` lists the maps of L and ab in turn, shallow to deep.
    """

    name = "split"

    def __init__(self, build: Callable[[int], Backbone], in_channels: int) -> None:
        """``build`` makes a half-width network of the given number of input channels.

        Raises ``ConfigError`` if there are fewer than two channels to share out.
        """
        if in_channels < 2:
            raise ConfigError("images with one channel cannot be split: choose a method without a split backbone")
        lightness, color = build(1), build(in_channels - 1)
        super().__init__(in_channels=in_channels, dim=lightness.dim + color.dim)
        self.lightness, self.color = lightness, color
        self.min_resolution = lightness.min_resolution
        pairs = zip(lightness.stage_channels, color.stage_channels, strict=True)
        self.stage_channels = tuple(channels for pair in pairs for channels in pair)

    @property
    def dims(self) -> tuple[int, int]:
        """Features of the two halves: ``pooled.split(dims, dim=1)`` gives them back."""
        return self.lightness.dim, self.color.dim

    def check_input(self, channels: int, resolution: int) -> None:
        # A half knows what it is called, and what else it asks of a resolution.
        self.lightness.check_input(1, resolution)
        super().check_input(channels, resolution)

    def features(self, images: Tensor) -> Features:
        first, rest = images[:, :1], images[:, 1:]
        light: Features = self.lightness(first.contiguous(memory_format=torch.channels_last))
        color: Features = self.color(rest.contiguous(memory_format=torch.channels_last))
        stages = tuple(maps for pair in zip(light.stages, color.stages, strict=True) for maps in pair)
        return Features(
            torch.cat([light.pooled, color.pooled], dim=1), torch.cat([light.dense, color.dense], dim=1), stages
        )
