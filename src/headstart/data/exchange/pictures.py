"""Pictures as files: our own losslessly, other people's scaled and cut to a square."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from headstart.errors import DataError

__all__ = ["PICTURES", "UNREADABLE", "decode", "encode_png", "fitted", "npy", "picture_side", "read_npy"]

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
UNREADABLE = (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""What Pillow raises for files that are no pictures, or broken or absurd ones."""
MODES = {1: "L", 3: "RGB"}
DEEP = ("I", "F", "I;16", "I;16B", "I;16L")


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """uint8 ``[H, W]`` or ``[C, H, W]`` with 1 or 3 channels as PNG. Raises ``DataError`` for other channels."""
    if pixels.ndim == 3 and len(pixels) not in MODES:
        raise DataError(f"PNG cannot hold images with {len(pixels)} channels: export to hdf5")
    planes = pixels if pixels.ndim == 2 else pixels.transpose(1, 2, 0).squeeze()
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(planes)).save(buffer, format="PNG")
    return buffer.getvalue()


def decode(data: bytes, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """What ``encode_png`` made: uint8 of ``shape``, ``[H, W]`` or ``[C, H, W]``. Raises one of ``UNREADABLE``."""
    with Image.open(io.BytesIO(data)) as picture:
        expected = MODES[1 if len(shape) == 2 else shape[0]]
        if picture.mode != expected or picture.size != (shape[-1], shape[-2]):
            raise ValueError(f"a {picture.mode} picture of {picture.width}×{picture.height} pixels")
        pixels = np.array(picture)
    return pixels if len(shape) == 2 else np.atleast_3d(pixels).transpose(2, 0, 1)


def fitted(data: bytes, resolution: int) -> NDArray[np.uint8]:
    """Any picture as uint8 ``[3, resolution, resolution]``: turned upright, its central square, scaled by Lanczos.

    Raises one of ``UNREADABLE``, also for more than 8 bits per channel, which have no one way to become 8.
    """
    with Image.open(io.BytesIO(data)) as picture:
        if picture.mode in DEEP:
            raise ValueError(f"mode {picture.mode}, more than 8 bits per channel")
        colors = ImageOps.exif_transpose(picture).convert("RGB")
    size = (resolution, resolution)
    exact = colors if colors.size == size else ImageOps.fit(colors, size, Image.Resampling.LANCZOS)
    return np.array(exact).transpose(2, 0, 1)


def picture_side(source: Path | bytes, name: str) -> int:
    """Pixels per side of a square picture, from its header.

    Raises ``DataError`` for one that is not square, and for what is no picture.
    """
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as picture:
            width, height = picture.size
    except UNREADABLE as error:
        raise DataError(f"{name} is no picture ({error}): mend or remove it") from error
    if width != height:
        raise DataError(f"{name} has {width}×{height} pixels, and images are square: give a resolution to cut them to")
    return width


def npy(values: NDArray[Any]) -> bytes:
    """An array as a ``.npy`` file."""
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def read_npy(data: bytes, shape: tuple[int, ...], dtype: type[np.generic]) -> NDArray[Any]:
    """What ``npy`` made, never unpickled. Raises ``ValueError`` for another shape or type."""
    values: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    if values.shape != shape or values.dtype != dtype:
        raise ValueError(f"an array of {values.dtype} {list(values.shape)}, not {np.dtype(dtype)} {list(shape)}")
    return values
