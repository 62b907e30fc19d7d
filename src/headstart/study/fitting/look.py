"""What lies at a path, as a study asks for it: the source that reads it, sizes to choose from, and what was guessed."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self

from headstart.data.exchange.account import Guess
from headstart.data.exchange.base import Reader
from headstart.data.exchange.transfer import guess_format, open_reader
from headstart.data.sources import SOURCES, FolderSource, Source
from headstart.data.sources.base import SourceInfo
from headstart.data.sources.exchanged import ExchangedSource, places_at
from headstart.data.sources.kept import Stamp, kept, stamp_of
from headstart.errors import ConfigError, DataError
from headstart.folder import holds_dataset
from headstart.registry import lookup
from headstart.schema import validate

__all__ = ["SIDES", "Found", "look_at", "study_name"]

SIDES = (24, 32, 48, 64, 96)
"""Pixels a side that pictures are scaled to."""
LEAST = 8
"""That networks take: what is smaller is enlarged."""
SAMPLE = 200
"""Pictures whose size is looked at."""


@dataclass(frozen=True)
class Found:
    """Images at a path. source: reads them. sides: pixels a side that they can be had in, ascending. guesses: what
    nobody said, besides what the source says itself."""

    path: Path
    source: Source
    sides: tuple[int, ...]
    guesses: tuple[Guess, ...]

    @property
    def info(self) -> SourceInfo:
        return self.source.info()

    def at(self, side: int) -> Source:
        """The source of images of so many pixels a side."""
        if side == self.info.resolution and len(self.sides) == 1:
            return self.source
        assert isinstance(self.source, ExchangedSource), "others have one size"
        return self.source.at(side)


def look_at(path: Path, options: Mapping[str, Any]) -> Found:
    """Find out what lies at ``path``; headers and labels are read, and no picture is decoded.

    options: what the user says of it, with the keys of ``dataset`` in a study. Raises ``HeadstartError`` for what
    cannot be read, and for pictures of different sizes of which nothing tells one; it names the key that does.
    """
    if "path" in options:
        raise ConfigError(f"--data {path} says where the images are, and so does dataset.path: leave one out")
    path = path.expanduser().absolute()
    if holds_dataset(path):
        made = validate(FolderSource, {"path": path, **_without_source(options)}, "dataset (folder)")
        return Found(path, made, (made.info().resolution,), (Guess("format", "dataset folder", "dataset.json"),))
    stamp = stamp_of(places_at(path))
    asked = {"what": "look", "path": str(path), "options": json.loads(json.dumps(dict(options), default=str))}
    seen = kept(stamp, asked, _Seen, lambda: _Seen.of(_looked_at(path, options)))
    return seen.again(path, stamp)


def _looked_at(path: Path, options: Mapping[str, Any]) -> Found:
    kind, why = _kind_of(path, options)
    source = validate(kind, {"path": path, **_without_source(options)}, f"dataset ({_name_of(kind)})")
    return _measured(path, source, (Guess("format", kind.FORMAT, why),))


@dataclass(frozen=True)
class _Seen:
    """What was found, as it is kept until a file changes. keys: of the source that ``SOURCES`` calls ``source``."""

    source: str
    keys: dict[str, Any]
    known: tuple[str, SourceInfo]
    sides: tuple[int, ...]
    guesses: tuple[Guess, ...]

    @classmethod
    def of(cls, found: Found) -> Self:
        source = found.source
        assert isinstance(source, ExchangedSource)
        keys = source.model_dump(mode="json", exclude_unset=True)
        return cls(_name_of(type(source)), keys, source.known, found.sides, found.guesses)

    def again(self, path: Path, stamp: Stamp) -> Found:
        source = validate(SOURCES[self.source], self.keys, f"dataset ({self.source})")
        assert isinstance(source, ExchangedSource)
        return Found(path, source.told(stamp, self.known), self.sides, self.guesses)


def study_name(path: Path) -> str:
    """A study's name from that of a folder or file.

    >>> study_name(Path("My photos (2)/")), study_name(Path("données.zip")), study_name(Path("写真"))
    ('My-photos-2', 'donn-es', 'data')
    """
    words = re.findall(r"[A-Za-z0-9_]+", path.expanduser().absolute().stem)
    return "-".join(words).lstrip("_-") or "data"


def _without_source(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if key != "source"}


def _kind_of(path: Path, options: Mapping[str, Any]) -> tuple[type[ExchangedSource], str]:
    """The source that reads what is at ``path``, and how that is known."""
    if "source" in options:
        kind = lookup(SOURCES, "source", str(options["source"]))
        if not issubclass(kind, ExchangedSource):
            raise ConfigError(f"dataset.source={options['source']} reads no files of others: leave it out")
        return kind, "said by dataset.source"
    known = {kind.FORMAT: kind for kind in SOURCES.values() if issubclass(kind, ExchangedSource)}
    names = ", ".join(sorted(map(_name_of, known.values())))
    form = guess_format(path, f"say what it is with dataset.source=, one of {names}")
    if form not in known:
        raise DataError(f"no study reads format '{form}' as it is: headstart data import {path} FOLDER, and name that")
    return known[form], "by its files"


def _name_of(kind: type[Source]) -> str:
    return next(name for name, other in SOURCES.items() if other is kind)


def _measured(path: Path, source: ExchangedSource, guesses: tuple[Guess, ...]) -> Found:
    """With the sizes that pictures can be scaled to: no larger than they are, unless somebody says so."""
    try:
        reader = open_reader(path, source.FORMAT, source.options)
    except DataError:
        if source.resolution is not None:
            raise
        return _unlike(path, source, guesses)
    side = reader.manifest.resolution
    if source.resolution is not None or not reader.sides([0]):
        return Found(path, source.knowing(reader), (side,), guesses)
    smaller = [other for other in SIDES if other < side]
    own = (*smaller, max(LEAST, side)) if side <= max(SIDES) else tuple(smaller)
    return Found(path, source.knowing(reader), own, guesses)


def _unlike(path: Path, source: ExchangedSource, guesses: tuple[Guess, ...]) -> Found:
    """Of pictures that are not square, or not of one size."""
    least = source.model_copy(update={"resolution": min(SIDES)})
    reader = open_reader(path, least.FORMAT, least.options)
    sides = _sampled(reader)
    if not sides:
        raise DataError(f"{path} has pictures of different sizes: say how many pixels a side, dataset.resolution=64")
    middle = int(median(sides))
    said = Guess(
        "size", "squares", f"shorter sides of {min(sides)} to {max(sides)} px are scaled, and cut by dataset.fit"
    )
    found = tuple(side for side in SIDES if side <= middle) or (max(LEAST, middle),)
    known = least.knowing(reader).at(found[0])
    return Found(path, known, found, (*guesses, said))


def _sampled(reader: Reader) -> list[int]:
    """Shorter sides of pictures from all over the set."""
    count = len(reader)
    return reader.sides(sorted({index * count // SAMPLE for index in range(SAMPLE)}))
