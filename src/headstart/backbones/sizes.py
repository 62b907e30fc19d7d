"""How large a backbone is, counted without memory or arithmetic on torch's meta device."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from headstart.backbones.base import Backbone

__all__ = ["count_activations", "count_parameters", "outline"]


def outline(build: Any, name: str, options: Mapping[str, Any]) -> Backbone:
    """The backbone ``name`` as ``build`` (``build_backbone``) makes it for 3 channels, on the meta device, empty."""
    with torch.device("meta"):
        network: Backbone = build(name, options, in_channels=3, generator=torch.Generator("cpu"))
    return network


def count_parameters(backbone: Backbone) -> int:
    """Numbers that training can move."""
    return sum(parameter.numel() for parameter in backbone.parameters())


def count_activations(outlined: Backbone, resolution: int) -> int:
    """Floats per image that a training step keeps for its backward pass, at ``resolution`` pixels a side.

    ``outlined``: a backbone on the meta device; attention counts with its matrix, as without a fused kernel.
    Batch statistics are the batch's, not an image's, and do not count.
    Raises ``ConfigError`` for a resolution that the network does not take.
    """
    return _kept(outlined, 3, resolution) - _kept(outlined, 2, resolution)


def _kept(outlined: Backbone, batch: int, resolution: int) -> int:
    """Floats of all different tensors that autograd saves for ``batch`` images."""
    seen: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        if tensor.is_floating_point():
            # Tensors are held in ``seen`` so that no storage is freed and its address given to another.
            seen[tensor.untyped_storage()._cdata] = tensor
        return tensor

    images = torch.zeros(batch, outlined.in_channels, resolution, resolution, device="meta")
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        outlined(images)
    return sum(tensor.untyped_storage().nbytes() // tensor.element_size() for tensor in seen.values())
