"""A small matrix times every pixel, at a speed worth the name."""

import torch
from torch import Tensor

__all__ = ["mix"]

TOGETHER, FEW = 4, 4
"""Pixels that are multiplied as one row, and channels up to which that pays: libraries are made for wider matrices, and
take three times as long for 3 columns as for the 12 of four pixels, mostly zeros."""


def mix(pixels: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
    """``pixels @ matrix + offset``: ``[P, C]``, ``[C, D]`` and ``[D]``; or with a batch in front of each of them."""
    count, channels = pixels.shape[-2:]
    group = TOGETHER if channels <= FEW and count % TOGETHER == 0 else 1
    blocks = torch.einsum("ij,...kl->...ikjl", torch.eye(group, device=pixels.device), matrix)
    wide = blocks.reshape(*matrix.shape[:-2], group * channels, group * matrix.shape[-1])
    rows = pixels.reshape(*pixels.shape[:-2], count // group, group * channels)
    mixed = (rows @ wide).add_(_repeated(offset, group))
    return mixed.view(*pixels.shape[:-1], matrix.shape[-1])


def _repeated(offset: Tensor, times: int) -> Tensor:
    """``[..., D]`` as ``[..., 1, times * D]``."""
    return offset[..., None, None, :].expand(*offset.shape[:-1], 1, times, offset.shape[-1]).flatten(-2)
