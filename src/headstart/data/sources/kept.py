"""What was found out about files, kept until they change: the headers of 50,000 pictures take seconds to read."""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from headstart.cache import cache_folder
from headstart.data.exchange.endings import picture_endings
from headstart.files import write_atomic

__all__ = ["Stamp", "kept", "stamp_of"]

Found = TypeVar("Found")
PACKAGE = Path(__file__).parents[2]
FRESH = 2 * 10**9
"""Nanoseconds: what changed so lately may change again within one tick of the file system's clock."""


@dataclass(frozen=True)
class Stamp:
    """Of files. places: folders and files; what lies below them counts. digest: changes when one of them does, by its
    size, times or number on disk. settled: whether none has changed just now."""

    places: tuple[Path, ...]
    digest: str
    settled: bool


def stamp_of(places: Sequence[Path]) -> Stamp:
    """The stamp of all files at ``places``, without opening any: 50,000 take a quarter of a second."""
    digest, newest = hashlib.sha256(), 0
    for place in places:
        for name, status in _files(os.path.realpath(place)):
            newest = max(newest, status.st_ctime_ns, status.st_mtime_ns)
            line = f"{name} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}\n"
            digest.update(os.fsencode(line))
    return Stamp(tuple(places), digest.hexdigest(), newest < time.time_ns() - FRESH)


def kept(stamp: Stamp, asked: Mapping[str, Any], kind: type[Found], make: Callable[[], Found]) -> Found:
    """What ``make`` finds out of the files of ``stamp``; if it was found before, it is not made again.

    asked: all else that it depends on, as JSON values. kind: its type, which JSON must hold. The code that reads files
    and what it reads pictures with are part of what is asked, so that it is found out anew when they change.
    """
    key = json.dumps([[os.fspath(place) for place in map(Path.absolute, stamp.places)], asked], sort_keys=True)
    file = cache_folder("found") / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
    adapter, valid = TypeAdapter(kind), f"{stamp.digest} {_reading()}"
    try:
        written, found = json.loads(file.read_bytes())
        if written == valid:
            return adapter.validate_python(found, strict=False)
    except (OSError, ValueError, ValidationError):
        pass  # not there, or of another release
    made = make()
    if stamp.settled:
        write_atomic(file, json.dumps([valid, adapter.dump_python(made, mode="json")]).encode(), sync=False)
    return made


def _files(place: str) -> Iterator[tuple[str, os.stat_result]]:
    """The files at a place and below it, links followed, each folder once. What cannot be looked at is left out."""
    seen, coming = set[str](), [place]
    while coming:
        path = coming.pop()
        real = os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        try:
            with os.scandir(path) as items:
                listed = sorted(items, key=lambda item: item.name)
        except NotADirectoryError:
            yield path, Path(path).stat()
        except OSError:
            continue  # whoever reads it says so
        else:
            for item in listed:
                with contextlib.suppress(OSError):  # links that lead nowhere
                    if item.is_dir():
                        coming.append(item.path)
                    else:
                        yield item.path, item.stat()


@cache
def _reading() -> str:
    """What reads files here and takes them for something: all of this code, and what Pillow can."""
    code = sorted(PACKAGE.rglob("*.py"))
    sizes = [(path.name, (status := path.stat()).st_size, status.st_mtime_ns) for path in code]
    parts = [version("headstart"), version("pillow"), sorted(picture_endings()), sizes]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
