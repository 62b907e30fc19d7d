"""The files of a folder, those inside its zip archives among them, and why others are left out."""

import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from headstart.errors import DataError
from headstart.names import as_text

__all__ = ["Entry", "Folder", "files_of"]

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
RUN, RUN_MARK = "a run of headstart, with charts of its own", "kept/study.json"
"""A run's folder, by what every run keeps: it may well lie below the pictures that it is of."""

Skip = Callable[[str, str], None]


@dataclass(frozen=True)
class Folder:
    """What files lie in.

    parts: of its path below the root, as text (see ``as_text``); an archive counts as a folder named like it. path: the
    folder, or the archive that it is in.
    """

    parts: tuple[str, ...]
    path: Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, on its own or in an archive. What files of a folder share lies there: of a large set all are in memory.

    name: as the system has it. member: its name in the archive.
    """

    folder: Folder
    name: str
    member: str | None = None

    def __str__(self) -> str:
        return as_text(f"{self.path}") if self.member is None else as_text(f"{self.path} ({self.member})")

    @property
    def parts(self) -> tuple[str, ...]:
        """Of its path below the root, as text."""
        return (*self.folder.parts, as_text(self.name))

    @property
    def path(self) -> Path:
        """The file, or the archive."""
        return self.folder.path if self.member is not None else self.folder.path / self.name

    @property
    def suffix(self) -> str:
        """In lower case, with the dot."""
        return _suffix(self.name)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size if self.member is None else self._info().file_size

    @property
    def stamp(self) -> str:
        """Changes when the file does: its size with its times, or with its check sum where an archive tells that.

        The time of its last change on this disk is one of them: nobody sets that back.
        """
        if self.member is None:
            status = self.path.stat()
            return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
        info = self._info()
        return f"{info.file_size} {info.CRC}"

    def _info(self) -> zipfile.ZipInfo:
        """What the archive tells of a member. Raises ``DataError`` where it has none of that name any more."""
        assert self.member is not None
        try:
            return _archive(self.path).getinfo(self.member)
        except KeyError:
            raise DataError(f"{self} is not there any more: the archive was changed, so run the same again") from None

    def open(self) -> BinaryIO:
        """A file on its own, opened. Raises ``OSError``."""
        assert self.member is None, "members are read whole"
        return open(f"{self.folder.path}/{self.name}", "rb")  # noqa: PTH123 - a Path takes longer than a small header

    def read(self) -> bytes:
        """Its content. Raises ``DataError`` if it cannot be read."""
        if self.member is not None and self.size > MOST_BYTES:
            raise DataError(
                f"{self} unpacks to {self.size / 2**30:.1f} GiB, more than a picture or model has: remove it"
            )
        try:
            if self.member is not None:
                return _archive(self.path).read(self.member)
            with self.open() as file:
                return file.read()
        except (OSError, KeyError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise DataError(f"{self} cannot be read ({error}): mend or remove it") from error

    def beside(self, name: str) -> "Entry":
        """The file that a relative name in this one means."""
        steps = PurePosixPath(name.replace("\\", "/"))
        parts = (*self.folder.parts, *steps.parent.parts)
        if self.member is None:
            return Entry(Folder(parts, self.folder.path / steps.parent), steps.name)
        member = os.path.normpath(PurePosixPath(self.member).parent / steps)
        return Entry(Folder(parts, self.path), steps.name, member)


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
        reason = _junk(entry.folder.parts) or _junk((entry.parts[-1],))
        if reason is None:
            entries.append(entry)
        else:
            skip("/".join(entry.parts), reason)
    return entries


@lru_cache
def _junk(parts: tuple[str, ...]) -> str | None:
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
    coming = [Folder((), root)]
    while coming:
        folder = coming.pop()
        real = os.path.realpath(folder.path)
        if real in seen:
            skip(f"{'/'.join(folder.parts)}/", "a link to a folder that is read already")
            continue
        seen.add(real)
        inner, files = _divided(folder, skip)
        coming += reversed(inner)
        yield from files


def _divided(folder: Folder, skip: Skip) -> tuple[list[Folder], list[Entry]]:
    """The folders in one, and the files, those in archives among them."""
    folders, files = [], list[Entry]()
    for item in _listed(folder.path):
        parts = (*folder.parts, as_text(item.name))
        if _leads_to(item.is_dir):
            inner = folder.path / item.name
            if item.name.startswith("."):
                skip(f"{'/'.join(parts)}/", HIDDEN)
            elif os.path.exists(f"{inner}/{RUN_MARK}"):  # noqa: PTH110 - of very many folders, making paths takes longest
                skip(f"{'/'.join(parts)}/", RUN)
            else:
                folders.append(Folder(parts, inner))
        elif not _leads_to(item.is_file):
            skip("/".join(parts), "a link that leads nowhere, or no file")
        elif _suffix(item.name) == ARCHIVE and _junk((item.name,)) is None:
            path = folder.path / item.name
            files += _in_archive(path, (*folder.parts, as_text(path.stem)))
        else:
            files.append(Entry(folder, item.name))
    return folders, files


def _suffix(name: str) -> str:
    """As a ``Path`` has it, but in lower case: of very many files, making paths takes longest."""
    dot = name.rfind(".")
    return name[dot:].lower() if 0 < dot < len(name) - 1 else ""


def _listed(folder: Path) -> "list[os.DirEntry[str]]":
    """What is in a folder, by name."""
    try:
        with os.scandir(folder) as items:
            return sorted(items, key=lambda item: item.name)
    except OSError as error:
        raise DataError(f"{error.filename} cannot be read ({error.strerror}): allow it, or remove it") from error


def _leads_to(asked: Callable[[], bool]) -> bool:
    try:
        return asked()
    except OSError:  # of links that lead round in a circle
        return False


def _in_archive(path: Path, parents: tuple[str, ...]) -> Iterator[Entry]:
    """Members; a folder in the archive that only repeats the archive's name is no folder of its own."""
    folders = dict[tuple[str, ...], Folder]()
    for info in _archive(path).infolist():
        steps = PurePosixPath(info.filename).parts
        if not info.is_dir():
            inner = steps[1:] if parents and len(steps) > 1 and steps[0] == parents[-1] else steps
            place = (*parents, *inner[:-1])
            yield Entry(folders.setdefault(place, Folder(place, path)), inner[-1], info.filename)


def _archive(path: Path) -> zipfile.ZipFile:
    """An archive, kept open: reading the directory of a large one takes longer than reading a member."""
    try:
        status = path.stat()
        return _opened(path, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not a whole zip archive ({error}): unpack or download it again") from error


@lru_cache(maxsize=64)
def _opened(path: Path, *stamp: int) -> zipfile.ZipFile:
    """By what changes when another archive takes its place."""
    del stamp
    return zipfile.ZipFile(path)
