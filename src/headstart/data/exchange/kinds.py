"""What pictures are before anything is done to them: how many channels, of which type; and what a set of them is."""

import io
import struct
import warnings
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

from headstart.data.exchange.account import Account
from headstart.data.exchange.arrays import array_header, is_array
from headstart.data.exchange.modes import mode_of, opened
from headstart.errors import DataError

__all__ = ["GRAY", "MODES", "RGB", "RGBA", "UNREADABLE", "Kind", "reason", "shorter_sides", "survey"]

UNREADABLE = (
    *(UnidentifiedImageError, Image.DecompressionBombError),
    *(OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error, zlib.error),
)
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
    if isinstance(error, UnidentifiedImageError):
        return "no picture"
    if isinstance(error, Image.DecompressionBombError):
        return f"more than {2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6} million pixels"
    if isinstance(error, KeyError):
        return "missing"
    return str(error) or type(error).__name__


class Header(NamedTuple):
    """What is known of a picture before its pixels. first: others follow it in the file."""

    kind: Kind
    width: int
    height: int
    first: bool = False


def survey(
    pictures: Iterable[tuple[object, Source]], resolution: int | None, account: Account | None = None
) -> tuple[int, Kind]:
    """Pixels per side and the kind of a set of named pictures, from their headers.

    Gray and RGB of 8 bits together are RGB. Raises ``DataError``, naming files, for any other mixture, for colors of
    more than 8 bits in a picture, and, unless a ``resolution`` is given to cut and scale them to, for what is no
    picture, and for pictures that are not square and of one size. ``account`` hears of sizes, and of files with several
    pictures.
    """
    several: list[object] = []
    kinds: dict[Kind, object] = {}
    sides: dict[int, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # twice as many pixels are refused
        for name, header in _headers(pictures, skip=resolution is not None):
            kinds.setdefault(header.kind, name)
            if account is not None:
                account.sizes[header.width, header.height] += 1
            several += [name] * header.first
            side = _side(name, header) if resolution is None else resolution
            sides.setdefault(side, name)
            if len(sides) > 1:
                (first, one), (second, other) = sides.items()
                raise DataError(f"{one} has {first} pixels per side and {other} {second}: give a resolution for all")
    if several and account is not None:
        account.guess("page", "the first", f"{len(several)} files hold several pictures, {several[0]} among them")
    return resolution or next(iter(sides), 0), _common(kinds)


def shorter_sides(pictures: Iterable[tuple[object, Source]]) -> list[int]:
    """Of named pictures, from their headers; what is no picture is left out."""
    return [min(header.width, header.height) for _, header in _headers(pictures, skip=True)]


def _headers(pictures: Iterable[tuple[object, Source]], skip: bool) -> Iterator[tuple[object, Header]]:
    """What is no picture is skipped, to be named with all others when pictures are read, or refused at once."""
    for name, source in pictures:
        try:
            yield name, _header(source)
        except UNREADABLE as error:
            if not skip:
                raise DataError(f"{name} is no whole picture ({reason(error)}): mend or remove it") from error
        except DataError as error:
            raise DataError(f"{name} {error}") from None


def _common(kinds: dict[Kind, object]) -> Kind:
    if set(kinds) <= {GRAY, RGB}:
        return GRAY if set(kinds) == {GRAY} else RGB
    if len(kinds) > 1:
        (first, one), (second, other) = list(kinds.items())[-2:]
        raise DataError(
            f"{one} is {first} and {other} is {second}, and the pictures of a set are of one kind, but that gray and "
            "RGB of 8 bits go together: convert or remove one of them"
        )
    return next(iter(kinds))


def _side(name: object, header: Header) -> int:
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
        with opened(file) as picture:
            kind, size = MODES[mode_of(picture)], picture.size
            return Header(kind, *size, picture.format != "MPO" and getattr(picture, "is_animated", False))
