"""The half-precision Lab images of the original study, and back to 8-bit sRGB."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.transforms.config import ColorSpace
from headstart.errors import DataError

if TYPE_CHECKING:
    import torch

__all__ = ["LAB_MEAN", "LAB_STD", "from_normalised", "to_normalised"]

LAB_MEAN = (38.44, 3.03, 4.77)
LAB_STD = (17.42, 9.41, 11.37)
"""Of the original study's synthetic images, per channel of CIE Lab (Newell & Deng 2020, reference code)."""
LIMITS: dict[str, tuple[tuple[float, float], ...]] = {
    "lab": ((-2, 102), (-110, 110), (-115, 115)),
    "rgb": ((-2, 257),) * 3,
}
"""What 8-bit sRGB can become per channel, and some for rounding."""


def to_normalised(images: NDArray[np.uint8], mean: Sequence[float], std: Sequence[float]) -> NDArray[np.float16]:
    """uint8 sRGB ``[n, 3, H, W]`` to (Lab − mean) / std as float16."""
    import torch

    from headstart.data.transforms.color import convert

    lab = convert(torch.from_numpy(images), "lab")
    normalised: NDArray[np.float16] = ((lab - _column(mean)) / _column(std)).half().numpy()
    return normalised


def from_normalised(
    data: NDArray[Any], space: ColorSpace, mean: Sequence[float], std: Sequence[float]
) -> NDArray[np.uint8]:
    """uint8 sRGB from normalised values ``[n, 3, H, W]`` in Lab, or in RGB of 0 to 255.

    Half precision in Lab moves few bytes, and those by little, but it moves some. Raises ``DataError`` if the values,
    once mean and std are undone, are no colors: they were normalised by others.
    """
    import torch

    from headstart.data.transforms.lab import lab_to_rgb

    values = torch.from_numpy(data.astype(np.float32)) * _column(std) + _column(mean)
    for channel, (low, high) in enumerate(LIMITS[space]):
        seen = values[:, channel]
        if not ((seen >= low) & (seen <= high)).all():  # NaN is not within either
            raise DataError(
                f"channel {channel} of `data` runs from {seen.min():.4g} to {seen.max():.4g} with mean {mean[channel]} "
                f"and std {std[channel]} undone, and {space} from {low} to {high}: give the mean, std and space it has"
            )
    colors = lab_to_rgb(values) * 255 if space == "lab" else values
    pixels: NDArray[np.uint8] = colors.round().clamp(0, 255).to(torch.uint8).numpy()
    return pixels


def _column(values: Sequence[float]) -> "torch.Tensor":
    import torch

    return torch.tensor(values, dtype=torch.float32).view(1, -1, 1, 1)
