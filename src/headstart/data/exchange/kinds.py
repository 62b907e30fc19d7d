"""What pictures are before anything is done to them: how many channels, of which type."""

import struct
import zlib
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

__all__ = ["GRAY", "MODES", "RGB", "RGBA", "UNREADABLE", "Kind", "reason"]

UNREADABLE = (
    *(UnidentifiedImageError, Image.DecompressionBombError),
    *(OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error, zlib.error),
)
"""What Pillow and NumPy raise for files that are no pictures, or broken or absurd ones."""


class Kind(NamedTuple):
    """What every picture of a set has in common. dtype: uint8, uint16 or float32."""

    channels: int
    dtype: str

    def __str__(self) -> str:
        bits = {"uint8": "8 bits", "uint16": "16 bits", "float32": "32-bit floats"}[self.dtype]
        named = {1: "gray", 3: "RGB", 4: "RGBA"}.get(self.channels, f"{self.channels} channels")
        return f"{named} of {bits}"


GRAY, RGB, RGBA = Kind(1, "uint8"), Kind(3, "uint8"), Kind(4, "uint8")
MODES = {"L": GRAY, "RGB": RGB, "RGBA": RGBA, "I;16": Kind(1, "uint16"), "F": Kind(1, "float32")}
"""What pictures of each of Pillow's modes are kept as."""


def reason(error: Exception) -> str:
    """Why a picture cannot be read, in a clause."""
    if isinstance(error, UnidentifiedImageError):
        return "no picture"
    if isinstance(error, Image.DecompressionBombError):
        return f"more than {2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6} million pixels"
    if isinstance(error, KeyError):
        return "missing"
    return str(error) or type(error).__name__
