"""Pretext methods. ``METHODS`` holds one class per name; plugins join as ``headstart.methods``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headstart.errors import ConfigError
from headstart.lazy import lazily
from headstart.methods import shipped
from headstart.methods.traits import MethodTraits
from headstart.registry import Registry, lookup
from headstart.schema import validate

if TYPE_CHECKING:
    import torch

    from headstart.backbones import Backbone
    from headstart.data.batches.loader import Batch
    from headstart.methods.amdim import AMDIM
    from headstart.methods.barlow_twins import BarlowTwins
    from headstart.methods.base import Method
    from headstart.methods.byol import BYOL
    from headstart.methods.cmc import CMC
    from headstart.methods.distill import Distill
    from headstart.methods.rotation import Rotation
    from headstart.methods.shipped import (
        AMDIMConfig,
        BarlowTwinsConfig,
        BYOLConfig,
        CMCConfig,
        DistillConfig,
        RotationConfig,
        SimCLRConfig,
        SimMIMConfig,
        VAEConfig,
        VICRegConfig,
    )
    from headstart.methods.simclr import SimCLR
    from headstart.methods.simmim import SimMIM
    from headstart.methods.teacher import Teacher
    from headstart.methods.vae import VAE
    from headstart.methods.vicreg import VICReg
    from headstart.objective import StepResult

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
    "Distill",
    "DistillConfig",
    "Method",
    "MethodTraits",
    "Rotation",
    "RotationConfig",
    "SimCLR",
    "SimCLRConfig",
    "SimMIM",
    "SimMIMConfig",
    "StepResult",
    "Teacher",
    "VAEConfig",
    "VICReg",
    "VICRegConfig",
    "build_method",
]

METHODS: "Registry[type[Method], type[MethodTraits]]" = Registry(
    "methods",
    {
        "rotation": ("headstart.methods.rotation:Rotation", shipped.RotationTraits),
        "cmc": ("headstart.methods.cmc:CMC", shipped.CMCTraits),
        "vae": ("headstart.methods.vae:VAE", shipped.VAETraits),
        "amdim": ("headstart.methods.amdim:AMDIM", shipped.AMDIMTraits),
        "simclr": ("headstart.methods.simclr:SimCLR", shipped.SimCLRTraits),
        "byol": ("headstart.methods.byol:BYOL", shipped.BYOLTraits),
        "barlow_twins": ("headstart.methods.barlow_twins:BarlowTwins", shipped.BarlowTwinsTraits),
        "vicreg": ("headstart.methods.vicreg:VICReg", shipped.VICRegTraits),
        "simmim": ("headstart.methods.simmim:SimMIM", shipped.SimMIMTraits),
        "distill": ("headstart.methods.distill:Distill", shipped.DistillTraits),
    },
)

__getattr__ = lazily(
    __name__,
    {
        "Batch": "headstart.data.batches.loader",
        "Method": "headstart.methods.base",
        "StepResult": "headstart.objective",
        "Rotation": "headstart.methods.rotation",
        "CMC": "headstart.methods.cmc",
        "VAE": "headstart.methods.vae",
        "AMDIM": "headstart.methods.amdim",
        "SimCLR": "headstart.methods.simclr",
        "BYOL": "headstart.methods.byol",
        "BarlowTwins": "headstart.methods.barlow_twins",
        "VICReg": "headstart.methods.vicreg",
        "SimMIM": "headstart.methods.simmim",
        "Distill": "headstart.methods.distill",
        "Teacher": "headstart.methods.teacher",
        **dict.fromkeys((name for name in shipped.__all__ if name.endswith("Config")), "headstart.methods.shipped"),
    },
)


def build_method(
    name: str,
    options: Mapping[str, Any],
    backbone: "Backbone",
    *,
    images: int,
    generator: "torch.Generator",
    teacher: "Teacher | None" = None,
) -> "Method":
    """The method ``name`` over ``backbone`` for ``images`` images, on the CPU.

    options: fields of the method's ``Config``. generator: draws the starting weights and memories. teacher: of a method
    that is ``taught``. Raises ``ConfigError`` for a wrong name or option, a backbone that the method can't use, or a
    teacher that is missing.

    >>> from headstart.backbones import build_backbone
    >>> from headstart.seeding import torch_generator
    >>> backbone = build_backbone("resnet9", {"width": 8}, in_channels=3, generator=torch_generator("weights"))
    >>> build_method("simclr", {"temperature": 0.2}, backbone, images=1000, generator=torch_generator("method")).views
    2
    """
    kind: Any = lookup(METHODS, "method", name)
    if kind.taught and teacher is None:
        raise ConfigError(f"method '{name}' learns from another network: give it a teacher")
    taught = {"teacher": teacher} if kind.taught else {}
    config = validate(kind.Config, options, f"method '{name}'")
    built: Method = kind(backbone, config, images=images, generator=generator, **taught)
    return built
