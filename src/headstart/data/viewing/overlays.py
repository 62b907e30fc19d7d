"""Annotations as pictures: masks and axes drawn over an image, depth beside it."""

import colorsys

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps
from torch import Tensor

from headstart.scenes.sampler import CAMERA

__all__ = [
    "DEPTH_COLORS",
    "axes_over",
    "depth_limits",
    "depth_picture",
    "mask_color",
    "masks_over",
    "picture_of",
]

AXES = ((230, 60, 60), (60, 190, 60), (70, 110, 250))
AXIS_LENGTH, MASK_SHARE, GOLDEN = 0.32, 0.6, 0.618034
"""Of a picture's side; of a mask's color in what is shown; turns of hue between two masks."""
SHADES = ((0.75, 1.0), (0.9, 0.6), (0.4, 1.0))
"""Saturation and value of masks' colors, in turns."""
DEPTH_COLORS = "#0b0724", "#b5367a", "#fcfdbf"
"""Of the farthest, of what is halfway in inverse depth, and of the nearest."""


def picture_of(image: Tensor) -> Image.Image:
    """``[C, H, W]`` of any type as RGB: the first three channels, or, where there are fewer, the first as gray.

    What is not of 8 bits is stretched, from the smallest of the picture's numbers in black to the largest in white:
    sensors use whatever part of their range.
    """
    shown = image[:3] if image.shape[0] >= 3 else image[:1].expand(3, -1, -1)
    if shown.dtype != torch.uint8:
        values = shown.double()
        low, high = values.min(), values.max()
        shown = ((values - low) / (high - low).clamp_min(1e-300) * 255).round().to(torch.uint8)
    return Image.fromarray(shown.permute(1, 2, 0).contiguous().cpu().numpy())


def masks_over(picture: Image.Image, masks: NDArray[np.uint8]) -> Image.Image:
    """``masks [H, W]``: each number but 0 in a color of its own, mixed with the gray of what is below."""
    colors = np.array([(0, 0, 0), *(_hue(number) for number in range(1, 256))], dtype=np.uint8)
    painted = Image.fromarray(colors[masks]).resize(picture.size, Image.Resampling.NEAREST)
    inside = Image.fromarray(((masks > 0) * 255).astype(np.uint8)).resize(picture.size, Image.Resampling.NEAREST)
    gray = picture.convert("L").convert("RGB")
    return Image.composite(Image.blend(gray, painted, MASK_SHARE), gray, inside)


def axes_over(picture: Image.Image, rotation: NDArray[np.floating]) -> Image.Image:
    """The axes x, y and z (red, green, blue) of an object turned by ``rotation [3, 3]``, as the sampler's camera
    sees them, far ones first."""
    shown = picture.copy()
    pen = ImageDraw.Draw(shown)
    seen = CAMERA.rotation.T @ rotation
    middle, length = shown.width / 2, AXIS_LENGTH * shown.width
    for axis in np.argsort(seen[2]):
        across, up = seen[0, axis] * length, seen[1, axis] * length
        pen.line((middle, middle, middle + across, middle - up), fill=AXES[axis], width=max(2, shown.width // 48))
    return shown


def depth_picture(
    depth: NDArray[np.floating], size: tuple[int, int], limits: tuple[float, float] | None = None
) -> Image.Image:
    """Depth ``[H, W]``, the nearest bright, the farthest dark, in steps of inverse depth; what is no number is dark.

    limits: nearest and farthest depth of the scale, for pictures that shall be compared; default: those of ``depth``.
    What lies beyond a limit, 0 and below too, has the limit's color.
    """
    near, far = limits or depth_limits(depth)
    closeness = 1 / np.clip(depth.astype(np.float64), near, far)
    share = np.nan_to_num((closeness - 1 / far) / max(1 / near - 1 / far, 1e-9))
    gray = Image.fromarray((share * 255).astype(np.uint8)).resize(size, Image.Resampling.NEAREST)
    far_away, middle, close = DEPTH_COLORS
    return ImageOps.colorize(gray, black=far_away, mid=middle, white=close)


def depth_limits(depth: NDArray[np.floating]) -> tuple[float, float]:
    """The smallest and the largest depth above 0 that is finite; 1 and 1 where there is none."""
    seen = depth[np.isfinite(depth) & (depth > 0)]
    return (float(seen.min()), float(seen.max())) if len(seen) else (1.0, 1.0)


def mask_color(number: int) -> tuple[int, int, int]:
    """What mask ``number`` looks like over a middle gray; 0 is that gray."""
    share = MASK_SHARE if number else 0.0
    red, green, blue = (round(share * part + (1 - share) * 128) for part in _hue(number))
    return red, green, blue


def _hue(number: int) -> tuple[int, int, int]:
    """Hues a golden turn apart, of which the nearest are 5, 8 or 13 numbers away: three shades tell these apart."""
    saturation, value = SHADES[number % len(SHADES)]
    red, green, blue = colorsys.hsv_to_rgb(number * GOLDEN % 1.0, saturation, value)
    return int(red * 255), int(green * 255), int(blue * 255)
