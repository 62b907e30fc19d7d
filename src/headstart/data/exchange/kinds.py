"""What pictures are before anything is done to them: how many channels, of which type; and what a set of them is."""

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, UnidentifiedImageError

from headstart.data.exchange.arrays import array_header, is_array
from headstart.errors import DataError

__all__ = ["GRAY", "MODES", "RGB", "RGBA", "UNREADABLE", "Kind", "mode_of", "reason", "survey"]

UNREADABLE = (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)
"""What Pillow and NumPy raise for files that are no pictures, or broken or absurd ones."""
Source = Path | bytes


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
    return "no picture" if isinstance(error, UnidentifiedImageError) else str(error) or type(error).__name__


class Header(NamedTuple):
    """What is known of a picture before its pixels."""

    kind: Kind
    width: int
    height: int


def survey(pictures: Iterable[tuple[str, Source]], resolution: int | None) -> tuple[int, Kind]:
    """Pixels per side and the kind of a set of named pictures, from their headers.

    Gray and RGB of 8 bits together are RGB. Raises ``DataError``, naming files, for any other mixture, for colors of
    more than 8 bits in a picture, and, unless a ``resolution`` is given to cut and scale them to, for what is no
    picture, and for pictures that are not square and of one size.
    """
    kinds: dict[Kind, str] = {}
    sides: dict[int, str] = {}
    for name, header in _headers(pictures, skip=resolution is not None):
        kinds.setdefault(header.kind, name)
        side = _side(name, header) if resolution is None else resolution
        sides.setdefault(side, name)
        if len(sides) > 1:
            (first, one), (second, other) = sides.items()
            raise DataError(f"{one} has {first} pixels per side and {other} {second}: give a resolution for all")
    return resolution or next(iter(sides)), _common(kinds)


def _headers(pictures: Iterable[tuple[str, Source]], skip: bool) -> Iterator[tuple[str, Header]]:
    """What is no picture is skipped, to be named with all others when pictures are read, or refused at once."""
    for name, source in pictures:
        try:
            yield name, _header(source)
        except UNREADABLE as error:
            if not skip:
                raise DataError(f"{name} is no whole picture ({reason(error)}): mend or remove it") from error
        except DataError as error:
            raise DataError(f"{name} {error}") from None


def _common(kinds: dict[Kind, str]) -> Kind:
    if set(kinds) <= {GRAY, RGB}:
        return GRAY if set(kinds) == {GRAY} else RGB
    if len(kinds) > 1:
        (first, one), (second, other) = list(kinds.items())[-2:]
        raise DataError(
            f"{one} is {first} and {other} is {second}, and the pictures of a set are of one kind, but that gray and "
            "RGB of 8 bits go together: convert or remove one of them"
        )
    return next(iter(kinds))


def _side(name: str, header: Header) -> int:
    if header.width != header.height:
        raise DataError(
            f"{name} has {header.width}×{header.height} pixels, and images are square: give a resolution to cut them to"
        )
    return header.width


def _header(source: Source) -> Header:
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        begin = file.read(8)
        file.seek(0)
        if is_array(begin):
            channels, dtype, rows, columns = array_header(file)
            return Header(Kind(channels, dtype), columns, rows)
        with Image.open(file) as picture:
            return Header(MODES[mode_of(picture)], *picture.size)


def mode_of(picture: Image.Image) -> str:
    """Which of ``MODES`` loses nothing of a picture. Raises ``DataError`` for what Pillow would cut to 8 bits."""
    packed, mode = _packing(picture), picture.mode
    if re.match(r"(LA|RGB|RGBA|RGBX|RGBa|CMYK);16", packed):
        raise DataError(
            "has 16 bits per color, and only gray pictures can have more than 8: save it with 8 bits, or as a .npy "
            "array of uint16"
        )
    if mode.startswith("I") and not re.match(r"I;16[BLN]?$", packed):
        raise DataError("has 32 bits or signs: save it with 16 bits, or as a .npy array of uint16 or float32")
    if mode.startswith("I") or mode == "F":
        return "F" if mode == "F" else "I;16"
    if picture.has_transparency_data:
        return "RGBA"
    return "L" if mode in ("1", "L") else "RGB"


def _packing(picture: Image.Image) -> str:
    """How the file packs pixels, in Pillow's words, which a picture's mode does not tell: ``RGB;16B``."""
    tiles: list[Any] = list(getattr(picture, "tile", ()))
    mode = tiles[0][3] if tiles else None
    return str((mode[0] if isinstance(mode, tuple) else mode) or picture.mode)
