"""What ships: the options of each backbone, which a study file is checked against without torch.

The first line of each docstring of traits is what ``headstart list backbones`` shows.
"""

import math
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from headstart.backbones.traits import BackboneConfig, BackboneTraits
from headstart.errors import ConfigError
from headstart.schema import validate

__all__ = [
    "AmdimEncoderConfig",
    "AmdimEncoderTraits",
    "PatchesConfig",
    "ResNet9Config",
    "ResNet9Traits",
    "ResNet50Config",
    "ResNet50Traits",
    "TimmConfig",
    "TimmTraits",
    "ViTConfig",
    "ViTTraits",
]


class _ResidualConfig(BackboneConfig):
    """Options that the study's residual networks have in common."""

    width: int = Field(default=64, ge=1)
    half: bool = False
    dilated: bool = False
    features: int | None = Field(default=None, ge=1)

    @property
    def dim(self) -> int:
        return self.features or (2 if self.half else 4) * self.width

    def halved(self) -> Self:
        return self.model_copy(update={"half": True, "features": max(1, self.dim // 2)})


class ResNet9Config(_ResidualConfig):
    """width: channels of the stem; the stages have 2, 4 and 8 times as many.

    half: half the channels inside the stages (not in the stem, nor in the outputs of residual blocks). dilated: the
    last stage keeps the resolution of the one before, and its residual block dilates its convolutions instead.
    features: size D of the feature vector; 4 x width (half: 2 x width) where not given.
    """


class ResNet9Traits(BackboneTraits):
    """The original study's small residual network (Newell & Deng, 2020)."""

    name = "resnet9"
    Config = ResNet9Config


class ResNet50Config(_ResidualConfig):
    """width: channels of the stem; the stages' bottlenecks have 1, 2, 4 and 8 times as many, outputs 4 times that.

    half: half the channels in all stages, not in the stem. dilated: the last stage keeps the resolution of the one
    before and dilates its convolutions instead, for dense tasks. features: size D of the feature vector; 4 x width
    (half: 2 x width) where not given; the study has 512 of full width on dense tasks. zero_init: every block begins as
    its shortcut, with the last normalisation's scale at 0 (Goyal et al., "Accurate, Large Minibatch SGD", 2017).
    """

    zero_init: bool = True


class ResNet50Traits(BackboneTraits):
    """The deep residual network, no first pooling (He et al., 2016)."""

    name = "resnet50"
    Config = ResNet50Config


class AmdimEncoderConfig(BackboneConfig):
    """resolution: of the images that the encoder is made for; its local maps are 7x7 and 5x5 there.

    width: channels of the first layer; the deepest have 8 times as many (4 times at 32 px). depth: layers of a block.
    features: size D of the feature vector; 2 x width where not given.
    """

    resolution: Literal[32, 64, 128] = 64
    width: int = Field(default=64, ge=1)
    depth: int = Field(default=3, ge=1)
    features: int | None = Field(default=None, ge=1)

    @property
    def dim(self) -> int:
        return self.features or 2 * self.width

    def halved(self) -> Self:
        return self.model_copy(update={"width": max(1, self.width // 2), "features": max(1, self.dim // 2)})


class AmdimEncoderTraits(BackboneTraits):
    """AMDIM's own encoder, without padding (Bachman et al., 2019)."""

    name = "amdim"
    Config = AmdimEncoderConfig


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


class ViTTraits(BackboneTraits):
    """A small vision transformer (Dosovitskiy et al., 2021)."""

    name = "vit"
    Config = ViTConfig


class TimmConfig(BackboneConfig):
    """model: a name of timm's, such as ``resnet18`` or ``vit_small_patch16_dinov3``. options: more of what its
    ``create_model`` takes. Its weights are random: an arm's ``weights:`` names a file.
    """

    model: str
    options: dict[str, Any] = {}


class TimmTraits(BackboneTraits):
    """Any network of timm, for weights that others trained (Wightman, 2019)."""

    name = "timm"
    Config = TimmConfig


class PatchesConfig(BackboneConfig):
    """size: pixels a side of a patch. centroids: K, of k-means. sample: patches that they are found from.

    epsilon: added to each variance when patches are whitened; the larger, the less noise is made loud.
    """

    size: int = Field(default=6, ge=2)
    centroids: int = Field(default=200, ge=2)
    sample: int = Field(default=20_000, ge=2)
    epsilon: float = Field(default=0.1, gt=0)

    @model_validator(mode="after")
    def _check(self) -> "PatchesConfig":
        if self.centroids > self.sample:
            raise ValueError(
                f"centroids is {self.centroids} and sample, the patches that they are found from, is {self.sample}: "
                "lower centroids or raise sample"
            )
        return self

    def check(self, images: int, resolution: int) -> None:
        """Raise ``ConfigError`` unless ``images`` of so many pixels a side have ``sample`` patches to look at."""
        if self.size > resolution:
            raise ConfigError(f"size is {self.size} px and images are {resolution} px: set it to {resolution} or less")
        patches = images * (resolution - self.size + 1) ** 2
        if self.sample > patches:
            raise ConfigError(
                f"sample is {self.sample}, and {images} training images of {resolution} px have {patches} patches of "
                f"{self.size} px: set it to {patches} or less"
            )
