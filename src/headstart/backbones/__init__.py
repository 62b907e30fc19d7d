"""Networks from images to features. ``BACKBONES`` holds one class per name; plugins join as ``headstart.backbones``."""

from collections.abc import Mapping
from typing import Any

import torch

from headstart.backbones.amdim_encoder import AmdimEncoder, AmdimEncoderConfig
from headstart.backbones.base import Backbone, BackboneConfig, Features, seeded_init
from headstart.backbones.resnet9 import ResNet9, ResNet9Config
from headstart.backbones.resnet50 import ResNet50, ResNet50Config
from headstart.backbones.split import SplitBackbone
from headstart.backbones.vit import ViT, ViTConfig
from headstart.backbones.weights import load_weights, save_weights
from headstart.registry import lookup, with_plugins
from headstart.schema import validate

__all__ = [
    "BACKBONES",
    "AmdimEncoder",
    "AmdimEncoderConfig",
    "Backbone",
    "BackboneConfig",
    "Features",
    "ResNet9",
    "ResNet9Config",
    "ResNet50",
    "ResNet50Config",
    "SplitBackbone",
    "ViT",
    "ViTConfig",
    "build_backbone",
    "load_weights",
    "save_weights",
    "seeded_init",
]

BACKBONES: dict[str, type[Backbone]] = with_plugins(
    "backbones", {"resnet9": ResNet9, "resnet50": ResNet50, "amdim": AmdimEncoder, "vit": ViT}
)


def build_backbone(
    name: str, options: Mapping[str, Any], *, in_channels: int, split: bool = False, generator: torch.Generator
) -> Backbone:
    """A freshly initialised backbone on the CPU, channels-last; its weights depend on ``generator`` alone.

    name: a key of ``BACKBONES``. options: fields of that backbone's ``Config``. split: two half-width networks, one for
    the first channel and one for the rest. Raises ``ConfigError`` for a wrong name, option or number of channels.

    >>> import torch
    >>> backbone = build_backbone("resnet9", {"width": 8}, in_channels=3, generator=torch.Generator().manual_seed(1))
    >>> backbone(torch.zeros(2, 3, 64, 64)).pooled.shape
    torch.Size([2, 32])
    """
    kind: Any = lookup(BACKBONES, "backbone", name)
    config = validate(kind.Config, options, f"backbone '{name}'")
    with seeded_init(generator):
        if split:
            half = config.halved()
            backbone: Backbone = SplitBackbone(lambda channels: kind(half, channels), in_channels)
        else:
            backbone = kind(config, in_channels)
    return backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
