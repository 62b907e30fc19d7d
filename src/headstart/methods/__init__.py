"""Pretext methods. ``METHODS`` holds one class per name; plugins join as ``headstart.methods``."""

from collections.abc import Mapping
from typing import Any

import torch

from headstart.backbones import Backbone
from headstart.data.batches.loader import Batch
from headstart.methods.amdim import AMDIM, AMDIMConfig
from headstart.methods.barlow_twins import BarlowTwins, BarlowTwinsConfig
from headstart.methods.base import Method
from headstart.methods.byol import BYOL, BYOLConfig
from headstart.methods.cmc import CMC, CMCConfig
from headstart.methods.rotation import Rotation, RotationConfig
from headstart.methods.simclr import SimCLR, SimCLRConfig
from headstart.methods.simmim import SimMIM, SimMIMConfig
from headstart.methods.vae import VAE, VAEConfig
from headstart.methods.vicreg import VICReg, VICRegConfig
from headstart.objective import StepResult
from headstart.registry import lookup, with_plugins
from headstart.schema import validate

__all__ = [
    "AMDIM",
    "BYOL",
    "CMC",
    "METHODS",
    "VAE",
    "AMDIMConfig",
    "BYOLConfig",
    "BarlowTwins",
    "BarlowTwinsConfig",
    "Batch",
    "CMCConfig",
    "Method",
    "Rotation",
    "RotationConfig",
    "SimCLR",
    "SimCLRConfig",
    "SimMIM",
    "SimMIMConfig",
    "StepResult",
    "VAEConfig",
    "VICReg",
    "VICRegConfig",
    "build_method",
]

METHODS: dict[str, type[Method]] = with_plugins(
    "methods",
    {
        "rotation": Rotation,
        "cmc": CMC,
        "vae": VAE,
        "amdim": AMDIM,
        "simclr": SimCLR,
        "byol": BYOL,
        "barlow_twins": BarlowTwins,
        "vicreg": VICReg,
        "simmim": SimMIM,
    },
)


def build_method(
    name: str, options: Mapping[str, Any], backbone: Backbone, *, images: int, generator: torch.Generator
) -> Method:
    """The method ``name`` over ``backbone`` for ``images`` images, on the CPU.

    options: fields of the method's ``Config``. generator: draws the starting weights and memories.
    Raises ``ConfigError`` for a wrong name or option, or a backbone that the method can't use.

    >>> from headstart.backbones import build_backbone
    >>> from headstart.seeding import torch_generator
    >>> backbone = build_backbone("resnet9", {"width": 8}, in_channels=3, generator=torch_generator("weights"))
    >>> build_method("simclr", {"temperature": 0.2}, backbone, images=1000, generator=torch_generator("method")).views
    2
    """
    kind = lookup(METHODS, "method", name)
    return kind(backbone, validate(kind.Config, options, f"method '{name}'"), images=images, generator=generator)
