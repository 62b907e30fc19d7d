"""The files of a folder, those inside its zip archives among them, and why others are left out."""

import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from headstart.errors import DataError
from headstart.names import as_text

__all__ = ["Entry", "files_of"]

ARCHIVE, MOST_BYTES = ".zip", 2**30
HIDDEN = "hidden (.*)"
JUNK = {
    "@eadir": "thumbnails of a network disk (@eaDir)",
    "__macosx": "put there by macOS (__MACOSX)",
    "#recycle": "deleted (#recycle)",
    "$recycle.bin": "deleted ($RECYCLE.BIN)",
    "lost+found": "left over of a disk check (lost+found)",
    "thumbs.db": "thumbnails of Windows (Thumbs.db)",
    "desktop.ini": "put there by Windows (desktop.ini)",
}
"""What systems put among people's files."""

Skip = Callable[[str, str], None]


@dataclass(frozen=True)
class Entry:
    """A file, on its own or in an archive.

    parts: of its path below the root, as text (see ``as_text``); an archive counts as a folder named like it. path:
    the file, or the archive. member: its name in the archive.
    """

    parts: tuple[str, ...]
    path: Path
    member: str | None = None

    def __str__(self) -> str:
        return as_text(f"{self.path}") if self.member is None else as_text(f"{self.path} ({self.member})")

    @property
    def suffix(self) -> str:
        """In lower case, with the dot."""
        return PurePosixPath(self.parts[-1]).suffix.lower()

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size if self.member is None else _archive(self.path).getinfo(self.member).file_size

    @property
    def stamp(self) -> str:
        """Changes when the file does: its size with its time, or with its check sum where an archive tells that."""
        if self.member is None:
            status = self.path.stat()
            return f"{status.st_size} {status.st_mtime_ns}"
        info = _archive(self.path).getinfo(self.member)
        return f"{info.file_size} {info.CRC}"

    def read(self) -> bytes:
        """Its content. Raises ``DataError`` if it cannot be read."""
        if self.member is not None and self.size > MOST_BYTES:
            raise DataError(
                f"{self} unpacks to {self.size / 2**30:.1f} GiB, more than a picture or model has: remove it"
            )
        try:
            return self.path.read_bytes() if self.member is None else _archive(self.path).read(self.member)
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise DataError(f"{self} cannot be read ({error}): mend or remove it") from error

    def beside(self, name: str) -> "Entry":
        """The file that a relative name in this one means."""
        steps = PurePosixPath(name.replace("\\", "/"))
        if self.member is None:
            return Entry((*self.parts[:-1], *steps.parts), self.path.parent / steps)
        member = os.path.normpath(PurePosixPath(self.member).parent / steps)
        return Entry((*self.parts[:-1], *steps.parts), self.path, member)


def files_of(root: Path, skip: Skip = lambda *_: None) -> list[Entry]:
    """Every file below ``root`` (a folder or a zip archive) in the order of their paths, without what is nobody's.

    skip: called with the name below the root of each file that is left out, and why: hidden ones, what systems put
    there, links that lead nowhere or round in a circle. A hidden folder is one, for it may be a whole history of
    versions. Raises ``DataError`` if there is no such folder, or if a folder or archive cannot be read.
    """
    if root.is_dir():
        found = _in_folder(root, skip)
    elif root.suffix.lower() == ARCHIVE and root.is_file():
        found = _in_archive(root, ())
    else:
        raise DataError(f"{root} is neither a folder nor a zip archive: name one that exists")
    entries = []
    for entry in sorted(found, key=lambda entry: entry.parts):
        reason = _junk(entry.parts)
        if reason is None:
            entries.append(entry)
        else:
            skip("/".join(entry.parts), reason)
    return entries


def _junk(parts: Iterable[str]) -> str | None:
    """Why a file is nobody's picture, if it is none."""
    for part in parts:
        if part.lower() in JUNK:
            return JUNK[part.lower()]
        if part in ("..", "/"):
            return "its name leads out of the archive"
        if part.startswith("."):
            return "put there by macOS (._*)" if part.startswith("._") else HIDDEN
    return None


def _in_folder(root: Path, skip: Skip) -> Iterator[Entry]:
    seen: set[str] = set()
    for folder, inner, names in os.walk(root, followlinks=True, onerror=_refuse):
        here = tuple(map(as_text, Path(folder).relative_to(root).parts))
        real = os.path.realpath(folder)
        if real in seen:
            skip(f"{'/'.join(here)}/", "a link to a folder that is read already")
            inner.clear()
            continue
        seen.add(real)
        for name in (name for name in inner if name.startswith(".")):
            skip(f"{'/'.join((*here, as_text(name)))}/", HIDDEN)
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in names:
            path, parts = Path(folder, name), (*here, as_text(name))
            if not path.is_file():
                skip("/".join(parts), "a link that leads nowhere, or no file")
            elif path.suffix.lower() == ARCHIVE and _junk([name]) is None:
                yield from _in_archive(path, (*here, as_text(path.stem)))
            else:
                yield Entry(parts, path)


def _refuse(error: OSError) -> None:
    raise DataError(f"{error.filename} cannot be read ({error.strerror}): allow it, or remove it")


def _in_archive(path: Path, parents: tuple[str, ...]) -> Iterator[Entry]:
    """Members; a folder in the archive that only repeats the archive's name is no folder of its own."""
    for info in _archive(path).infolist():
        steps = PurePosixPath(info.filename).parts
        if not info.is_dir():
            inner = steps[1:] if parents and len(steps) > 1 and steps[0] == parents[-1] else steps
            yield Entry((*parents, *inner), path, info.filename)


@lru_cache(maxsize=64)
def _archive(path: Path) -> zipfile.ZipFile:
    """An archive, kept open: reading the directory of a large one takes longer than reading a member."""
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not a whole zip archive ({error}): unpack or download it again") from error
