"""Pictures as files: our own losslessly, other people's as they came, but scaled and cut to a square."""

import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from headstart.data.exchange.arrays import array_pixels, is_array, npy, read_npy
from headstart.data.exchange.base import ReadOptions
from headstart.data.exchange.kinds import GRAY, MODES, RGB, RGBA, Kind
from headstart.data.exchange.modes import mode_of, opened
from headstart.errors import DataError

__all__ = [
    "Fit",
    "PictureOptions",
    "decode",
    "encode",
    "encode_png",
    "fits_png",
    "fitted",
    "squared",
    "stacked",
    "upright",
]

Fit = Literal["crop", "pad", "stretch"]
FITS: Mapping[Fit, Callable[..., Image.Image]] = {
    "crop": ImageOps.fit,
    "pad": partial(ImageOps.pad, color=0),
    "stretch": Image.Image.resize,
}
SPARE = 1.4
"""How many times the pixels a side that are needed a JPEG is decoded to at least, before Lanczos makes them of it."""
PNG_MODES = {kind: mode for mode, kind in MODES.items() if mode != "F"}


class PictureOptions(ReadOptions):
    """fit: how a picture becomes a square of ``resolution``: ``crop`` keeps its central square, ``pad`` all of it
    between bars of 0, ``stretch`` all of it and not its proportions."""

    fit: Fit = "crop"


def fits_png(kind: Kind) -> bool:
    """Whether PNG holds such pictures, as Pillow writes it."""
    return kind in PNG_MODES


def encode(pixels: NDArray[Any]) -> tuple[str, bytes]:
    """``[C, H, W]`` of any kind: what the name of a file ends with, ``png`` where that holds it, else ``npy``; and its
    content."""
    kind = Kind(len(pixels), pixels.dtype.name)
    return ("png", encode_png(pixels)) if fits_png(kind) else ("npy", npy(pixels))


def encode_png(pixels: NDArray[Any]) -> bytes:
    """``[H, W]`` or ``[C, H, W]`` of a kind that ``fits_png`` as PNG."""
    planes = pixels if pixels.ndim == 2 else pixels.transpose(1, 2, 0).squeeze()
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(planes)).save(buffer, format="PNG")
    return buffer.getvalue()


def decode(data: bytes, shape: tuple[int, ...], dtype: str = "uint8") -> NDArray[Any]:
    """What ``encode`` made: an array of ``shape``, ``[H, W]`` or ``[C, H, W]``. Raises one of ``UNREADABLE``."""
    if is_array(data):
        return read_npy(data, shape, np.dtype(dtype).type)
    with Image.open(io.BytesIO(data)) as picture:
        expected = PNG_MODES.get(Kind(1 if len(shape) == 2 else shape[0], dtype))
        if picture.mode != expected or picture.size != (shape[-1], shape[-2]):
            raise ValueError(f"a {picture.mode} picture of {picture.width}×{picture.height} pixels")
        pixels = np.array(picture)
    return pixels if len(shape) == 2 else np.atleast_3d(pixels).transpose(2, 0, 1)


def fitted(data: bytes, resolution: int, kind: Kind, fit: Fit = "crop") -> NDArray[Any]:
    """Any picture of ``kind`` as ``[C, resolution, resolution]``: ``upright``, then ``squared``."""
    return squared(upright(data, kind, resolution), resolution, kind, fit)


def upright(data: bytes, kind: Kind, side: int | None = None) -> NDArray[Any]:
    """``[H, W, C]`` of a picture of ``kind``, turned as its EXIF says; gray becomes RGB where that is the kind.

    side: pixels a side that it is going to have: a JPEG of many more is decoded at a half, a quarter or an eighth of
    its size, which takes a fraction of the time. Raises one of ``UNREADABLE``, also for another kind.
    """
    try:
        pixels = array_pixels(data) if is_array(data) else _pixels(data, side)
    except DataError as error:
        raise ValueError(str(error)) from None
    actual = Kind(pixels.shape[2], pixels.dtype.name)
    if (actual, kind) == (GRAY, RGB):
        return pixels.repeat(3, axis=2)
    if actual != kind:
        raise ValueError(f"{actual}, not {kind}")
    return pixels


def squared(pixels: NDArray[Any], resolution: int, kind: Kind, fit: Fit = "crop") -> NDArray[Any]:
    """``[H, W, C]`` of ``kind`` as ``[C, resolution, resolution]``: made square by ``fit``, by Lanczos.

    Where nothing is seen, because alpha is 0, the color is 0, whatever the file hides there.
    """
    square = pixels if pixels.shape[:2] == (resolution, resolution) else _square(pixels, resolution, FITS[fit])
    if kind == RGBA:
        square = square * (square[..., 3:] > 0)
    return square.transpose(2, 0, 1)


def stacked(rows: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Rows of one shape, one after another in memory, however axes of each lie there; NumPy would keep that."""
    return np.stack(rows, out=np.empty((len(rows), *rows[0].shape), rows[0].dtype))


def _pixels(data: bytes, side: int | None) -> NDArray[Any]:
    """``[H, W, C]`` of a picture."""
    with opened(io.BytesIO(data)) as picture:
        mode = mode_of(picture)
        if side is not None:
            picture.draft(picture.mode, (round(SPARE * side), round(SPARE * side)))
        ImageOps.exif_transpose(picture, in_place=True)
        pixels = np.array(picture if mode in ("I;16", "F", picture.mode) else picture.convert(mode))
    return np.atleast_3d(pixels).astype(MODES[mode].dtype, copy=False)


def _square(pixels: NDArray[Any], resolution: int, fit: Callable[..., Image.Image]) -> NDArray[Any]:
    """A square of ``[H, W, C]``, scaled: by Pillow at once, or a channel at a time."""
    size = resolution, resolution
    if Kind(pixels.shape[2], pixels.dtype.name) in (GRAY, RGB, RGBA):
        whole = Image.fromarray(np.ascontiguousarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels))
        return np.atleast_3d(np.array(fit(whole, size, Image.Resampling.LANCZOS)))
    planes = [Image.fromarray(plane.astype(np.float32)) for plane in pixels.transpose(2, 0, 1)]
    scaled = np.stack([np.array(fit(plane, size, Image.Resampling.LANCZOS)) for plane in planes], axis=2)
    if pixels.dtype == np.float32:
        return scaled
    return scaled.round().clip(0, np.iinfo(pixels.dtype).max).astype(pixels.dtype)
