"""The files of a folder, those inside its zip archives among them."""

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from headstart.errors import DataError
from headstart.names import as_text

__all__ = ["Entry", "files_of"]

ARCHIVE = ".zip"


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


def files_of(root: Path) -> list[Entry]:
    """Every file below ``root`` (a folder or a zip archive), hidden ones aside, in the order of their paths.

    Raises ``DataError`` if there is no such folder, or if an archive is damaged.
    """
    if root.is_dir():
        entries = _in_folder(root)
    elif root.suffix.lower() == ARCHIVE and root.is_file():
        entries = _in_archive(root, ())
    else:
        raise DataError(f"{root} is neither a folder nor a zip archive: name one that exists")
    return sorted(entries, key=lambda entry: entry.parts)


def _in_folder(root: Path) -> Iterator[Entry]:
    seen: set[str] = set()
    for folder, inner, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        inner[:] = [] if real in seen else [name for name in inner if not name.startswith(".")]
        if real in seen:
            continue
        seen.add(real)
        for name in names:
            path = Path(folder, name)
            parts = tuple(map(as_text, path.relative_to(root).parts))
            if name.startswith(".") or not path.is_file():
                continue
            if path.suffix.lower() == ARCHIVE:
                yield from _in_archive(path, (*parts[:-1], as_text(path.stem)))
            else:
                yield Entry(parts, path)


def _in_archive(path: Path, parents: tuple[str, ...]) -> Iterator[Entry]:
    """Members; a folder in the archive that only repeats the archive's name is no folder of its own."""
    for info in _archive(path).infolist():
        steps = PurePosixPath(info.filename).parts
        if info.is_dir() or steps[0] == "__MACOSX" or any(part.startswith(".") for part in steps):
            continue
        inner = steps[1:] if parents and len(steps) > 1 and steps[0] == parents[-1] else steps
        yield Entry((*parents, *inner), path, info.filename)


@lru_cache(maxsize=64)
def _archive(path: Path) -> zipfile.ZipFile:
    """An archive, kept open: reading the directory of a large one takes longer than reading a member."""
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not a whole zip archive ({error}): unpack or download it again") from error
