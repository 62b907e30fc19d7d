"""Color spaces: 8-bit sRGB images to normalised floats, with statistics of the training split alone."""

from collections.abc import Callable, Iterable
from typing import Literal

import torch
from kornia.color import rgb_to_lab
from torch import Tensor

from headstart.data.dataset import Normalisation
from headstart.errors import DataError

__all__ = ["COLOR_SPACES", "ColorSpace", "convert", "measure_normalisation", "normalise"]

ColorSpace = Literal["lab", "rgb"]
CHUNK = 1024


def _rgb(images: Tensor) -> Tensor:
    """RGB in 0..255, as the study's statistics are given."""
    return images * 255.0


COLOR_SPACES: dict[str, Callable[[Tensor], Tensor]] = {"lab": rgb_to_lab, "rgb": _rgb}


def convert(images: Tensor, space: ColorSpace) -> Tensor:
    """uint8 sRGB ``[N, C, H, W]`` to float32 of ``space``.

    ``lab`` is CIE Lab under D65 (L 0–100, a and b about ±100) and needs 3 channels; ``rgb`` is 0–255 of any number of
    channels. Raises ``DataError`` if Lab is asked of images that have no three channels.
    """
    if space == "lab" and images.shape[1] != 3:
        raise DataError(f"images with {images.shape[1]} channels have no Lab form: set `color: rgb` in the study")
    return COLOR_SPACES[space](images.to(torch.float32) / 255.0)


def measure_normalisation(images: Tensor | Iterable[Tensor], space: ColorSpace) -> Normalisation:
    """Mean and population standard deviation per channel of uint8 ``[N, C, H, W]``, summed in float64.

    images: all of them, or a part at a time.
    """
    pixels, total, squares = 0, torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for part in [images] if isinstance(images, Tensor) else images:
        for chunk in torch.split(part, CHUNK):
            values = convert(chunk, space).double()
            total = total + values.sum(dim=(0, 2, 3)).cpu()
            squares = squares + values.square().sum(dim=(0, 2, 3)).cpu()
            pixels += chunk.numel() // chunk.shape[1]
    mean = total / pixels
    std = (squares / pixels - mean.square()).clamp_min(0).sqrt().clamp_min(1e-3)
    return Normalisation(tuple(mean.tolist()), tuple(std.tolist()))


def normalise(images: Tensor, space: ColorSpace, by: Normalisation, dtype: torch.dtype = torch.float16) -> Tensor:
    """uint8 ``[N, C, H, W]`` to ``(x - mean) / std`` in ``space``, channels-last; 0 is the dataset's mean color."""
    mean, std = (torch.tensor(v, device=images.device).view(1, -1, 1, 1) for v in (by.mean, by.std))
    out = torch.empty(images.shape, dtype=dtype, device=images.device, memory_format=torch.channels_last)
    for start in range(0, len(images), CHUNK):
        rows = slice(start, start + CHUNK)
        out[rows] = (convert(images[rows], space) - mean) / std
    return out
