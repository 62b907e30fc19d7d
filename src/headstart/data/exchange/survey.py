"""What a set of pictures is, from their headers: of which kind all of them are, and of which sizes."""

import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from headstart.data.exchange.account import Account
from headstart.data.exchange.arrays import array_header, is_array
from headstart.data.exchange.kinds import GRAY, MODES, RGB, UNREADABLE, Kind, reason
from headstart.data.exchange.modes import mode_of, opened
from headstart.data.exchange.parallel import ahead, large_pictures_allowed
from headstart.errors import DataError
from headstart.scenes.disk.tree import Entry

__all__ = ["Header", "NoHeader", "headers_of", "read_headers", "shorter_sides", "survey"]

Source = Path | Entry | bytes
CHUNK = 500


class Header(NamedTuple):
    """What is known of a picture before its pixels. first: others follow it in the file."""

    kind: Kind
    width: int
    height: int
    first: bool = False


class NoHeader(NamedTuple):
    """Why a picture has none. reason: a clause. picture: it is one, but of a kind that is not read."""

    reason: str
    picture: bool = False


Named = Iterable[tuple[object, Header | NoHeader]]


def read_headers(pictures: Iterable[tuple[object, Source]]) -> Iterator[tuple[object, Header | NoHeader]]:
    """The headers of named pictures, one after another."""
    return ((name, _header(source)) for name, source in pictures)


def headers_of(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Header | NoHeader]]:
    """The headers of files, by several processes where there are very many."""
    chunks = [entries[start : start + CHUNK] for start in range(0, len(entries), CHUNK)]
    for chunk, found in zip(chunks, ahead(_headers_in, chunks, list(map(len, chunks))), strict=True):
        yield from zip(chunk, found, strict=True)


def survey(pictures: Named, resolution: int | None, account: Account | None = None) -> tuple[int, Kind]:
    """Pixels per side and the kind of a set of named pictures.

    Gray and RGB of 8 bits together are RGB. Raises ``DataError``, naming files, for any other mixture, for colors of
    more than 8 bits in a picture, and, unless a ``resolution`` is given to cut and scale them to, for what is no
    picture, and for pictures that are not square and of one size. ``account`` hears of sizes, and of files with several
    pictures.
    """
    several: list[object] = []
    kinds: dict[Kind, object] = {}
    sides: dict[int, object] = {}
    with large_pictures_allowed():
        for name, header in _whole(pictures, skip=resolution is not None):
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


def shorter_sides(pictures: Named) -> list[int]:
    """Of named pictures; what is no picture is left out."""
    return [min(header.width, header.height) for _, header in _whole(pictures, skip=True)]


def _whole(pictures: Named, skip: bool) -> Iterator[tuple[object, Header]]:
    """What is no picture is skipped, to be named with all others when pictures are read, or refused at once."""
    for name, header in pictures:
        if isinstance(header, Header):
            yield name, header
        elif header.picture:
            raise DataError(f"{name} {header.reason}")
        elif not skip:
            raise DataError(f"{name} is no whole picture ({header.reason}): mend or remove it")


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


def _headers_in(entries: Sequence[Entry]) -> list[Header | NoHeader]:
    with large_pictures_allowed():
        return [_header(entry if entry.member is None else entry.read()) for entry in entries]


def _header(source: Source) -> Header | NoHeader:
    try:
        return _read_header(source)
    except UNREADABLE as error:
        return NoHeader(reason(error))
    except DataError as error:
        return NoHeader(str(error), picture=True)


def _opened(source: Source) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    return source.open("rb") if isinstance(source, Path) else source.open()


def _read_header(source: Source) -> Header:
    with _opened(source) as file:
        begin = file.read(8)
        file.seek(0)
        if is_array(begin):
            channels, dtype, rows, columns = array_header(file)
            return Header(Kind(channels, dtype), columns, rows)
        with opened(file) as picture:
            kind, size = MODES[mode_of(picture)], picture.size
            return Header(kind, *size, picture.format != "MPO" and getattr(picture, "is_animated", False))
