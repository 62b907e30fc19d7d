"""Which bytes files hold, each read once per process as long as it stays the same file."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from headstart.files import PARTIAL
from headstart.study.running.store.marker import FileFacts

__all__ = ["CHECKPOINTS", "Digests", "Looked", "hash_file", "kept_files"]

CHECKPOINTS = "checkpoints"
"""The part of a job's folder that nothing is kept of."""
_Identity = tuple[int, ...]


class Looked(NamedTuple):
    """damaged: the first file that is gone or holds other bytes, if any. replaced: whether some file has become another
    since this process looked last, so that what it mapped or read is out of date."""

    damaged: str | None
    replaced: bool


class Digests:
    """SHA-256 of files. A file is hashed again when its inode, size or times are not what they were."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[_Identity, FileFacts]] = {}

    def of(self, path: Path) -> FileFacts:
        """Raises ``OSError`` if it cannot be read."""
        identity = _identity(path)
        known = self._known.get(path)
        if known and known[0] == identity:
            return known[1]
        facts = hash_file(path)
        self._known[path] = (identity, facts)
        return facts

    def learn(self, path: Path, facts: FileFacts) -> None:
        """Take over what was hashed under another name. Raises ``OSError`` if it cannot be read."""
        self._known[path] = (_identity(path), facts)

    def of_folder(self, folder: Path) -> dict[str, FileFacts]:
        """Of all files that a finished job leaves."""
        return {path.relative_to(folder).as_posix(): self.of(path) for path in kept_files(folder)}

    def look(self, folder: Path, files: Mapping[str, FileFacts]) -> Looked:
        """Whether ``files`` of ``folder`` hold what they should."""
        replaced = False
        for name, facts in files.items():
            path = folder / name
            try:
                replaced |= path in self._known and self._known[path][0] != _identity(path)
                if self.of(path) != facts:
                    return Looked(name, True)
            except FileNotFoundError:
                return Looked(name, True)
        return Looked(None, replaced)


def hash_file(path: Path) -> FileFacts:
    """Read it all."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileFacts(file.tell(), digest)


def kept_files(folder: Path) -> Iterator[Path]:
    """Files below ``folder``, but for checkpoints and what is half written, in order of their names."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).parts[0] != CHECKPOINTS and not path.name.endswith(PARTIAL):
            yield path


def _identity(path: Path) -> _Identity:
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
