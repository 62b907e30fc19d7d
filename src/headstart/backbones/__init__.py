"""Networks from images to features. ``BACKBONES`` holds one class per name; plugins join as ``headstart.backbones``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headstart.backbones import shipped
from headstart.backbones.shipped import AmdimEncoderConfig, ResNet9Config, ResNet50Config, ViTConfig
from headstart.backbones.traits import BackboneConfig, BackboneTraits
from headstart.lazy import lazily
from headstart.registry import Registry, lookup
from headstart.schema import validate

if TYPE_CHECKING:
    import torch

    from headstart.backbones.amdim_encoder import AmdimEncoder
    from headstart.backbones.base import Backbone, Features, seeded_init
    from headstart.backbones.resnet9 import ResNet9
    from headstart.backbones.resnet50 import ResNet50
    from headstart.backbones.split import SplitBackbone
    from headstart.backbones.vit import ViT
    from headstart.backbones.weights import load_weights, save_weights

__all__ = [
    "BACKBONES",
    "AmdimEncoder",
    "AmdimEncoderConfig",
    "Backbone",
    "BackboneConfig",
    "BackboneTraits",
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

BACKBONES: "Registry[type[Backbone], type[BackboneTraits]]" = Registry(
    "backbones",
    {
        "resnet9": ("headstart.backbones.resnet9:ResNet9", shipped.ResNet9Traits),
        "resnet50": ("headstart.backbones.resnet50:ResNet50", shipped.ResNet50Traits),
        "amdim": ("headstart.backbones.amdim_encoder:AmdimEncoder", shipped.AmdimEncoderTraits),
        "timm": ("headstart.backbones.timm_model:TimmModel", shipped.TimmTraits),
        "vit": ("headstart.backbones.vit:ViT", shipped.ViTTraits),
    },
)

__getattr__ = lazily(
    __name__,
    {
        "AmdimEncoder": "headstart.backbones.amdim_encoder",
        "Backbone": "headstart.backbones.base",
        "Features": "headstart.backbones.base",
        "ResNet9": "headstart.backbones.resnet9",
        "ResNet50": "headstart.backbones.resnet50",
        "SplitBackbone": "headstart.backbones.split",
        "ViT": "headstart.backbones.vit",
        "load_weights": "headstart.backbones.weights",
        "save_weights": "headstart.backbones.weights",
        "seeded_init": "headstart.backbones.base",
    },
)


def build_backbone(
    name: str, options: Mapping[str, Any], *, in_channels: int, split: bool = False, generator: "torch.Generator"
) -> "Backbone":
    """A freshly initialised backbone on the CPU, channels-last; its weights depend on ``generator`` alone.

    name: a key of ``BACKBONES``. options: fields of that backbone's ``Config``. split: two half-width networks, one for
    the first channel and one for the rest. Raises ``ConfigError`` for a wrong name, option or number of channels.

    >>> import torch
    >>> backbone = build_backbone("resnet9", {"width": 8}, in_channels=3, generator=torch.Generator().manual_seed(1))
    >>> backbone(torch.zeros(2, 3, 64, 64)).pooled.shape
    torch.Size([2, 32])
    """
    import torch

    from headstart.backbones.base import seeded_init
    from headstart.backbones.split import SplitBackbone

    kind: Any = lookup(BACKBONES, "backbone", name)
    config = validate(kind.Config, options, f"backbone '{name}'")
    with seeded_init(generator):
        if split:
            half = config.halved()
            backbone: Backbone = SplitBackbone(lambda channels: kind(half, channels), in_channels)
        else:
            backbone = kind(config, in_channels)
    return backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
