"""Files that lie elsewhere: at an fsspec URL."""

import hashlib
import os
import secrets
import shutil
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from headstart.files import write_atomic
from headstart.study.running.store.folder import PROBE, check_folder
from headstart.study.running.store.marker import FileFacts
from headstart.study.running.store.patience import patient

__all__ = ["THREADS", "Bucket", "SharedFolder", "Size"]

WHEN = ("mtime", "LastModified", "last_modified", "updated", "created")
"""How file systems call the time of the last change."""
THREADS = 16
"""Files on their way at once."""
PART = 1 << 22
"""Bytes that are read at once."""
_creating = threading.Lock()
"""For file systems in this process's memory, which look first and create then."""


class Size(NamedTuple):
    """modified: seconds since 1970, if known."""

    bytes: int
    modified: float | None


class Bucket:
    """``filesystem`` below ``prefix``; names are relative to it, with slashes. address: as the user gave it."""

    def __init__(self, address: str, filesystem: Any, prefix: str) -> None:
        self.address, self.filesystem, self.prefix = address, filesystem, prefix.rstrip("/")

    def check_writable(self) -> None:
        """Raises ``StoreError`` if nothing can be written."""
        probe = f".writable.{secrets.token_hex(4)}"
        self.write(probe, PROBE)
        self.remove(probe)

    @patient
    def names(self, folder: str) -> frozenset[str]:
        """Of what lies right in ``folder``."""
        self.filesystem.invalidate_cache()
        try:
            found = self.filesystem.ls(self._path(folder), detail=False)
        except FileNotFoundError:
            return frozenset()
        return frozenset(path.rstrip("/").rpartition("/")[2] for path in found)

    @patient
    def sizes(self, folder: str) -> dict[str, Size]:
        """Of all files below ``folder``, by their names in it."""
        from fsspec import AbstractFileSystem

        self.filesystem.invalidate_cache()
        path = self.filesystem._strip_protocol(self._path(folder))
        # Whoever lists folder by folder would pass over those that it cannot list just now.
        strict = {"on_error": "raise"} if type(self.filesystem).find is AbstractFileSystem.find else {}
        try:
            found: dict[str, dict[str, Any]] = self.filesystem.find(path, detail=True, **strict)
        except FileNotFoundError as error:
            if self.exists(folder):
                raise OSError(f"{folder} changes") from error
            return {}
        return {name[len(path) + 1 :]: Size(int(info["size"] or 0), _when(info)) for name, info in found.items()}

    @patient
    def read(self, name: str) -> bytes:
        """Raises ``FileNotFoundError`` if there is none."""
        return bytes(self.filesystem.cat_file(self._path(name)))

    @patient
    def write(self, name: str, data: bytes) -> None:
        """Whole, or not at all."""
        self._pipe(name, data)

    def create(self, name: str, data: bytes) -> bool:
        """Write it unless it is there; whether it holds ``data`` now, be it from an attempt that seemed to fail.

        Of several that try at once one succeeds, where the file system knows how to create without replacing.
        """
        with suppress(FileExistsError):
            self._create(name, data)
        try:
            return self.read(name) == data
        except FileNotFoundError:
            return False

    @patient
    def _create(self, name: str, data: bytes) -> None:
        with _creating:
            self._pipe(name, data, mode="create")

    def _pipe(self, name: str, data: bytes, **mode: str) -> None:
        try:
            self.filesystem.pipe_file(self._path(name), data, **mode)
        except FileNotFoundError:  # some have no place for a file before its folder is made
            self.filesystem.makedirs(self._path(name).rpartition("/")[0], exist_ok=True)
            self.filesystem.pipe_file(self._path(name), data, **mode)

    @patient
    def upload(self, name: str, path: Path) -> None:
        """From the local ``path``."""
        self.filesystem.put_file(str(path), self._path(name))
        if (size := self.filesystem.info(self._path(name))["size"]) != path.stat().st_size:
            raise OSError(f"{size} of {path.stat().st_size} bytes arrived")

    @patient
    def download(self, name: str, path: Path) -> None:
        """To the local ``path``, not yet looked at. Raises ``FileNotFoundError`` if there is none."""
        self.filesystem.get_file(self._path(name), str(path))

    @patient
    def remove(self, name: str) -> None:
        """A file, if it is there."""
        try:
            self.filesystem.rm_file(self._path(name))
        except FileNotFoundError:
            return

    def remove_folder(self, folder: str) -> None:
        """All files below it."""
        for name in self.sizes(folder):
            self.remove(f"{folder}/{name}")

    @patient
    def exists(self, name: str) -> bool:
        """Whether there is a file, or a folder, of that name."""
        self.filesystem.invalidate_cache()
        try:
            self.filesystem.info(self._path(name))
        except FileNotFoundError:
            return False
        return True

    @patient
    def facts(self, name: str) -> FileFacts:
        """Size and SHA-256, read anew. Raises ``FileNotFoundError`` if there is none."""
        digest, size = hashlib.sha256(), 0
        with self.filesystem.open(self._path(name), "rb") as file:
            while part := file.read(PART):
                digest.update(part)
                size += len(part)
        return FileFacts(size, digest.hexdigest())

    def _path(self, name: str) -> str:
        return f"{self.prefix}/{name}" if name else self.prefix


class SharedFolder(Bucket):
    """A folder that several machines see, through fsspec's view of local files.

    What is written is brought to disk, and takes its name when it is whole.
    """

    def check_writable(self) -> None:
        check_folder(Path(self.prefix), f"the store {self.prefix}", "make room, or name another with --store")

    @patient
    def write(self, name: str, data: bytes) -> None:
        write_atomic(Path(self._path(name)), data)

    @patient
    def _create(self, name: str, data: bytes) -> None:
        path = Path(self._path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(data)

    @patient
    def upload(self, name: str, path: Path) -> None:
        target = Path(self._path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        self.filesystem.put_file(str(path), str(target))
        with target.open("rb") as file:
            os.fsync(file.fileno())

    @patient
    def remove_folder(self, folder: str) -> None:
        if (path := Path(self._path(folder))).exists():
            shutil.rmtree(path)


def _when(info: dict[str, Any]) -> float | None:
    when = next((info[name] for name in WHEN if info.get(name) is not None), None)
    if isinstance(when, str):
        when = datetime.fromisoformat(when)
    return when.timestamp() if isinstance(when, datetime) else when
