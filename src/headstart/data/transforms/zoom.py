"""Random resized crops, a whole batch at once: windows of an image, drawn to the image's full size again.

Areas and aspects are those of SimCLR's crops (Chen et al., 2020), less the areas of 8 to 20 %, which hold few pixels of
an image of 32 to 128 px. A window is never larger than what it is resized to, so bilinear interpolation needs no
smoothing first.
"""

import math

import torch
from torch import Tensor

__all__ = ["draw_zoom", "zoom_images", "zoom_maps"]

SMALLEST_AREA, LARGEST_ASPECT = 0.2, 4 / 3


def draw_zoom(batch: int, generator: torch.Generator) -> Tensor:
    """Windows float ``[batch, 4]`` on the generator's device: top, left, height, width in sides of the image, 0 to 1.

    The area is uniform from 20 % to 100 %; the aspect is log-uniform from 3/4 to 4/3, or as far as a window of that
    area fits into the image.
    """
    area, aspect, *position = torch.rand(4, batch, generator=generator, device=generator.device)
    area = SMALLEST_AREA + (1 - SMALLEST_AREA) * area
    widest = (-area.log()).clamp(max=math.log(LARGEST_ASPECT))
    stretch = (widest * (aspect - 0.5)).exp()
    size = area.sqrt()[:, None] * torch.stack([1 / stretch, stretch], dim=1)
    return torch.cat([torch.stack(position, dim=1) * (1 - size), size], dim=1)


def zoom_images(images: Tensor, windows: Tensor) -> Tensor:
    """``windows [B, 4]`` of ``images [B, C, H, W]``, float32, at full size, bilinear.

    Interpolation is linear along each axis, so it is a product with two small matrices.
    """
    rows, columns = _positions(windows, images.shape[-2:])
    down, across = _weights(rows)[:, None], _weights(columns)[:, None]
    return down @ images @ across.transpose(2, 3)


def zoom_maps(maps: Tensor, windows: Tensor) -> Tensor:
    """``windows [B, 4]`` of ``maps [B, H, W]`` of any type at full size, by the nearest pixel."""
    rows, columns = (position.add(0.5).long() for position in _positions(windows, maps.shape[-2:]))
    each = torch.arange(len(maps), device=maps.device)
    return maps[each[:, None, None], rows[:, :, None], columns[:, None, :]]


def _positions(windows: Tensor, sides: torch.Size) -> list[Tensor]:
    """Where the pixels of a zoomed image lie in the whole one: rows ``[B, H]`` and columns ``[B, W]``, in pixels.

    Pixel i has its middle at i, and beyond the outermost middles there is nothing to interpolate with.
    """
    coordinates = []
    for axis, side in enumerate(sides):
        middles = torch.arange(side, device=windows.device) + 0.5
        start, length = windows[:, axis, None] * side, windows[:, axis + 2, None]
        coordinates.append((start + middles * length - 0.5).clamp(0, side - 1))
    return coordinates


def _weights(positions: Tensor) -> Tensor:
    """``[B, S, S]``: how much each of S pixels in a line counts at each of the ``positions [B, S]``."""
    pixels = torch.arange(positions.shape[1], device=positions.device)
    return (1 - (positions[:, :, None] - pixels).abs()).clamp(min=0)
