"""Pictures and maps as NumPy's ``.npy`` files, never unpickled."""

import io
import math
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from headstart.errors import DataError
from headstart.folder import MOST_CHANNELS

__all__ = ["DTYPES", "array_header", "array_pixels", "axes_of", "is_array", "npy", "read_npy"]

MAGIC = b"\x93NUMPY"
DTYPES = ("uint8", "uint16", "float32")
"""Of pictures."""


def npy(values: NDArray[Any]) -> bytes:
    """An array as a ``.npy`` file."""
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def read_npy(data: bytes, shape: tuple[int, ...], dtype: type[np.generic]) -> NDArray[Any]:
    """What ``npy`` made. Raises ``ValueError`` for another shape or type."""
    values: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    if values.shape != shape or values.dtype != dtype:
        raise ValueError(f"an array of {values.dtype} {list(values.shape)}, not {np.dtype(dtype)} {list(shape)}")
    return values


def is_array(begin: bytes) -> bool:
    """Whether a file that begins so is a ``.npy`` file."""
    return begin.startswith(MAGIC)


def array_header(file: BinaryIO) -> tuple[int, str, int, int]:
    """Channels, type, rows and columns of a picture, from its header.

    Raises ``DataError`` for an array that is no picture, ``ValueError`` for a damaged file.
    """
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if dtype.name not in DTYPES:
        raise DataError(f"is an array of {dtype.name}, and pictures are {', '.join(DTYPES)}: convert it")
    channels, *plane = axes_of(shape)
    begin = file.tell()
    if file.seek(0, io.SEEK_END) - begin < math.prod(shape) * dtype.itemsize:
        raise ValueError("the array ends within its numbers")
    rows, columns = (shape[axis] for axis in plane)
    return 1 if channels is None else shape[channels], dtype.name, rows, columns


def array_pixels(data: bytes) -> NDArray[Any]:
    """``[H, W, C]`` of a picture. Raises as ``array_header``, and ``ValueError`` for numbers that are not finite."""
    array_header(io.BytesIO(data))
    values: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    channels, rows, columns = axes_of(values.shape)
    pixels = values[..., None] if channels is None else values.transpose(rows, columns, channels)
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        raise ValueError("numbers that are not finite")
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)


def axes_of(shape: tuple[int, ...]) -> tuple[int | None, int, int]:
    """Which axes are channels (``None``: there are none), rows and columns.

    Channels are an axis of at most 16 at either end: that which leaves a square if both could be, or else the last one.
    """
    if len(shape) == 2:
        return None, 0, 1
    orders = [(2, 0, 1), (0, 1, 2)] if len(shape) == 3 else []
    able = [order for order in orders if 1 <= shape[order[0]] <= MOST_CHANNELS]
    if not able:
        raise DataError(
            f"is an array of {list(shape)}, and pictures are [H, W], [H, W, C] or [C, H, W] with up to {MOST_CHANNELS} "
            "channels: transpose or cut it"
        )
    return next((order for order in able if shape[order[1]] == shape[order[2]]), able[0])
