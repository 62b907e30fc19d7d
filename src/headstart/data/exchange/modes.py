"""Opening pictures with Pillow, and which of its modes loses nothing of one."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from PIL import Image

from headstart.data.exchange.endings import picture_formats
from headstart.errors import DataError

__all__ = ["mode_of", "opened"]

DEEP = re.compile(r"(LA|RGB|RGBA|RGBX|RGBa|CMYK);16")
GRAY = re.compile(r"I;(16[BLN]?|12)$")
CODESTREAM, SIZES = b"\xff\x4f\xff\x51", 42
"""Of JPEG 2000: what its pixels begin with, and how far from there the bits of its first channel are told."""


@contextmanager
def opened(file: BinaryIO) -> Iterator[Image.Image]:
    """A picture of one of ``picture_formats``, by its content and not its name: nothing else is given to Pillow."""
    with Image.open(file, formats=picture_formats()) as picture:
        yield picture


def mode_of(picture: Image.Image) -> str:
    """Which of ``kinds.MODES`` loses nothing of a picture just opened.

    Raises ``DataError`` for what Pillow would cut to 8 bits.
    """
    packed, mode = _packing(picture), picture.mode
    if DEEP.match(packed) or _cut(picture):
        raise DataError(
            "has 16 bits per color, and only gray pictures can have more than 8: save it with 8 bits, or as a .npy "
            "array of uint16"
        )
    if mode == "I" and picture.format == "PPM":
        return "I;16"
    if mode.startswith("I") and not GRAY.match(packed):
        raise DataError("has 32 bits or signs: save it with 16 bits, or as a .npy array of uint16 or float32")
    if mode.startswith("I") or mode == "F":
        return "F" if mode == "F" else "I;16"
    if picture.has_transparency_data:
        return "RGBA"
    return "L" if mode in ("1", "L") else "RGB"


def _cut(picture: Image.Image) -> bool:
    """Whether a file has more bits than the 8 of its mode, where Pillow does not tell: PPM, SGI and JPEG 2000."""
    tiles = list(getattr(picture, "tile", ()))
    if picture.mode.startswith(("I", "F")) or not tiles:
        return False
    codec, *_, arguments = tiles[0]
    if picture.format == "PPM":
        return isinstance(arguments, tuple) and isinstance(arguments[-1], int) and arguments[-1] > 255
    return codec == "SGI16" or (picture.format == "JPEG2000" and _bits(picture) > 8)


def _bits(picture: Image.Image) -> int:
    """Bits of a channel of JPEG 2000."""
    file = getattr(picture, "fp", None)
    if file is None:
        return 8
    place = file.tell()
    file.seek(0)
    begin = file.read(2**20)
    file.seek(place)
    at = begin.find(CODESTREAM) + SIZES
    return (begin[at] & 0x7F) + 1 if at >= SIZES and at < len(begin) else 8


def _packing(picture: Image.Image) -> str:
    """How the file packs pixels, in Pillow's words, which a picture's mode does not tell: ``RGB;16B``."""
    tiles = list(getattr(picture, "tile", ()))
    mode = tiles[0][3] if tiles else None
    return str((mode[0] if isinstance(mode, tuple) else mode) or picture.mode)
