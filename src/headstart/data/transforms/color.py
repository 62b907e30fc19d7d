"""Color spaces: images as they came to normalised floats, with statistics of the training split alone."""

from collections.abc import Iterable

import torch
from torch import Tensor

from headstart.data.transforms.config import Color, ColorSpace, Normalisation, resolve_color, spaces_of
from headstart.data.transforms.lab import FULL, LAB_MATRIX, LAB_OFFSET, lab_roots, lab_to_rgb
from headstart.data.transforms.mixing import mix
from headstart.errors import DataError

__all__ = [
    "Color",
    "ColorSpace",
    "Moments",
    "Normalisation",
    "convert",
    "exchange",
    "measure_normalisation",
    "normalise",
    "resolve_color",
    "restore",
    "spaces_of",
]

CHUNK = 256
"""Images that are measured at a time."""
NOISE = {"lab": 1e-2, "rgb": 0.0}
"""Deviations that say nothing: converting gray leaves about 1e-3 in a and b. On top comes what float32 rounds off."""
ROUNDING = 1e-7


def convert(images: Tensor, space: ColorSpace) -> Tensor:
    """uint8, uint16 or float32 ``[N, C, H, W]`` to float32 of ``space``, channels-last.

    ``lab`` is CIE Lab under D65 (L 0–100, a and b about ±100) of sRGB; ``rgb`` is 0–255 of any number of channels: 16
    bits are scaled to it, and 1.0 is what 255 is. Raises ``DataError`` if Lab is asked of other than three channels.
    """
    channels = images.shape[1]
    return normalise(images, space, Normalisation((0.0,) * channels, (1.0,) * channels))


def normalise(images: Tensor, space: ColorSpace, by: Normalisation) -> Tensor:
    """``(x - mean) / std`` of ``convert(images, space)``, at its cost: 0 is the dataset's mean color."""
    count, channels, height, width = images.shape
    if space == "lab" and channels != 3:
        raise DataError(f"images with {channels} channels have no Lab form: set `color: rgb` in the study")
    pixels = images.permute(0, 2, 3, 1).reshape(-1, channels)
    shown = _lab(pixels, by) if space == "lab" else _rgb(pixels, by)
    return shown.view(count, height, width, channels).permute(0, 3, 1, 2)


def restore(shown: Tensor, space: ColorSpace, by: Normalisation) -> Tensor:
    """float32 ``[N, C, H, W]`` in 0 to 1 of which ``normalise`` makes ``shown``, likewise.

    Colors that no image has, such as augmented ones, are beyond 0 to 1.
    """
    mean, std = (shown.new_tensor(values)[:, None, None] for values in (by.mean, by.std))
    colors = shown * std + mean
    return lab_to_rgb(colors) if space == "lab" else colors / 255


def exchange(shown: Tensor, by: Normalisation, other: Normalisation) -> Tensor:
    """Images ``[N, C, H, W]`` that were normalised ``by`` one mean and deviation, by the ``other``; of one channel as
    many as the other has."""
    if by == other:
        return shown
    mean, deviation, new_mean, new_deviation = (
        torch.tensor(values, dtype=torch.float64)[:, None, None] for values in (by.mean, by.std, other.mean, other.std)
    )
    return shown * (deviation / new_deviation).to(shown) + ((mean - new_mean) / new_deviation).to(shown)


def _lab(pixels: Tensor, by: Normalisation) -> Tensor:
    mean, std = (torch.tensor(values, dtype=torch.float64) for values in (by.mean, by.std))
    roots = lab_roots(pixels)
    return mix(roots, (LAB_MATRIX / std).to(roots), ((LAB_OFFSET - mean) / std).to(roots))


def _rgb(pixels: Tensor, by: Normalisation) -> Tensor:
    """In the pixels' own units, so that no large float overflows on the way."""
    full = FULL[pixels.dtype] / 255.0
    mean, std = (torch.tensor(values, dtype=torch.float64) * full for values in (by.mean, by.std))
    values = pixels.to(torch.float32)
    return (values - mean.to(values)) * (1 / std).to(values)


class Moments:
    """Mean and deviation per channel of images that come a part at a time, in a color space and in float64.

    Parts are put together by their own means (Chan et al., 1979), which loses no digits to large ones. outside: whether
    any value is none of the space: one below 0 is no light, and Lab would make all of them black.
    """

    def __init__(self, space: ColorSpace) -> None:
        self.space, self.count, self.outside = space, 0, False
        self.mean = self.squares = torch.zeros((), dtype=torch.float64)

    def add(self, images: Tensor) -> None:
        """``images [N, C, H, W]``, as they came."""
        for chunk in torch.split(images, CHUNK) if len(images) else ():
            if self.space == "lab" and chunk.is_floating_point():
                self.outside = self.outside or bool((chunk < 0).any())
            exact = convert(chunk, "lab") if self.space == "lab" else chunk.double() * (255.0 / FULL[chunk.dtype])
            self._join(exact.permute(0, 2, 3, 1).reshape(-1, exact.shape[1]).double())

    def _join(self, pixels: Tensor) -> None:
        variance, mean = torch.var_mean(pixels, dim=0, correction=0)
        variance, mean, count = variance.cpu(), mean.cpu(), len(pixels)
        apart, total = mean - self.mean, self.count + count
        self.squares = self.squares + variance * count + apart.square() * (self.count * count / total)
        self.mean = self.mean + apart * (count / total)
        self.count = total

    def normalisation(self) -> Normalisation:
        """A channel that is constant in training is only centred, and scaled like the channels that are not.

        Its own deviation is rounding noise: divided by that, the first test image with a little color would be
        thousands of deviations away, or infinitely many.
        """
        std = (self.squares / self.count).sqrt()
        varies = std > NOISE[self.space] + ROUNDING * self.mean.abs()
        common = std[varies].mean() if varies.any() else torch.ones_like(std[0])
        return Normalisation(tuple(self.mean.tolist()), tuple(torch.where(varies, std, common).tolist()))


def measure_normalisation(images: Tensor | Iterable[Tensor], space: ColorSpace) -> Normalisation:
    """Mean and population standard deviation per channel of ``[N, C, H, W]``, all of them or a part at a time."""
    moments = Moments(space)
    for part in [images] if isinstance(images, Tensor) else images:
        moments.add(part)
    return moments.normalisation()
