"""A store in a folder of this machine: jobs run where their results stay, and file locks keep them apart."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG

from filelock import FileLock, Timeout

from headstart.errors import StoreError
from headstart.files import PARTIAL, sync_folder, unwritable, write_atomic
from headstart.study.running.store.backend import Backend, DamagedError, Entry, Fetched, Held, Lock, entry_keys
from headstart.study.running.store.digests import CHECKPOINTS, Digests
from headstart.study.running.store.marker import Marker

__all__ = ["FolderBackend", "ProcessLock", "check_folder"]

PROBE = b"\0" * 4096
"""Enough for a full disk to refuse it."""


class ProcessLock(Lock):
    """A file lock, which the system takes from a process that ends."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, FileLock(path)

    def attempt(self) -> bool:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def acquire(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()

    def release(self) -> None:
        self._lock.release()

    def renew(self) -> None:
        """The system lets nobody else have it."""


class FolderBackend(Backend):
    """Results under ``root/<kind>/<key>/``."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        self.address = str(self.root)
        self.digests = Digests()

    def check_writable(self) -> None:
        check_folder(self.root, f"the store {self.root}", "make room, or name another with --store")

    def kinds(self) -> list[str]:
        if not self.root.is_dir():
            raise StoreError(f"there is no store in {self.root}: name one with --store")
        return sorted(entry.name for entry in os.scandir(self.root) if entry.is_dir() and entry.name[0] != ".")

    def names(self, kind: str) -> frozenset[str]:
        folder = self.root / kind
        return frozenset(entry.name for entry in os.scandir(folder)) if folder.exists() else frozenset()

    def survey(self, kind: str) -> Iterator[Held]:
        names = self.names(kind)
        for entry in (Entry(kind, key) for key in entry_keys(names)):
            paths = [self.marker_path(entry)]
            for folder, _, files in os.walk(self.folder(entry)):
                paths += [Path(folder), *(Path(folder, name) for name in files)]
            bytes, modified = _measure(paths)
            yield Held(entry, {entry.key, f"{entry.key}.json"} <= names, bytes, modified)

    def exists(self, entry: Entry) -> bool:
        return self.folder(entry).exists()

    def is_done(self, entry: Entry) -> bool:
        return self.exists(entry) and self.marker_path(entry).exists()

    def fetch(self, entry: Entry, names: tuple[str, ...] | None = None) -> Fetched | None:
        return self._fetch(entry, names, self.digests)

    def _fetch(self, entry: Entry, names: tuple[str, ...] | None, digests: Digests) -> Fetched | None:
        marker = self.read_marker(entry)
        if marker is None or not self.folder(entry).exists():
            return None
        looked = digests.look(self.folder(entry), marker.wanted(names) or {})
        if looked.damaged:
            raise DamagedError(f"{self.folder(entry) / looked.damaged} is gone or not what its job wrote")
        return Fetched(marker, self.folder(entry), looked.replaced)

    def lock(self, entry: Entry) -> Lock:
        return ProcessLock(self.root / f"{entry.folder}.lock")

    def begin(self, entry: Entry) -> Path:
        # Of a folder that someone deleted: it would speak for the new one before that is whole.
        self.marker_path(entry).unlink(missing_ok=True)
        return self.folder(entry)

    def commit(self, entry: Entry, seconds: float) -> None:
        """Bring all to disk, the marker with it under another name, which then becomes its own."""
        folder = self.folder(entry)
        temporary = folder / f".marker{PARTIAL}"
        try:
            temporary.write_bytes(Marker(seconds, self.digests.of_folder(folder)).dump())
            sync_folder(folder)
            temporary.replace(self.marker_path(entry))
        except OSError as error:
            raise StoreError(unwritable(folder, error)) from error
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)

    def put(self, entry: Entry, fetched: Fetched) -> None:
        self.remove(entry)
        folder = self.folder(entry)
        try:
            for name in fetched.marker.files or {}:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(fetched.folder / name, folder / name)
        except OSError as error:
            raise StoreError(unwritable(folder, error)) from error
        if self.digests.look(folder, fetched.marker.files or {}).damaged:
            raise StoreError(f"{folder} does not hold what was copied: check the disk, then copy again")
        sync_folder(folder)
        write_atomic(self.marker_path(entry), fetched.marker.dump())

    def remove(self, entry: Entry) -> None:
        try:
            self.marker_path(entry).unlink(missing_ok=True)
            if self.folder(entry).exists():
                shutil.rmtree(self.folder(entry))
        except OSError as error:
            raise StoreError(f"{self.folder(entry)} cannot be removed ({error.strerror}): check your rights") from error

    def check(self, entry: Entry) -> Marker:
        fetched = self._fetch(entry, None, Digests())
        if fetched is None:
            raise DamagedError(f"{self.folder(entry)} is gone")
        return fetched.marker

    def folder(self, entry: Entry) -> Path:
        """Where its files are."""
        return self.root / entry.folder

    def marker_path(self, entry: Entry) -> Path:
        """Where its marker is, if it is done."""
        return self.root / entry.marker

    def read_marker(self, entry: Entry) -> Marker | None:
        """Raises ``DamagedError`` if it cannot be read."""
        path = self.marker_path(entry)
        try:
            return Marker.parse(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise DamagedError(f"{path} is damaged") from error


def _measure(paths: Iterable[Path]) -> tuple[int, float | None]:
    """Bytes in files, and when the latest was written. What vanishes meanwhile is passed over."""
    bytes, modified = 0, None
    for path in paths:
        with suppress(FileNotFoundError):
            status = path.stat()
            bytes += status.st_size if S_ISREG(status.st_mode) else 0
            modified = max(modified or 0.0, status.st_mtime)
    return bytes, modified


def check_folder(folder: Path, what: str, way_out: str) -> None:
    """Raises ``StoreError`` if nothing can be written, because of rights or of a full disk."""
    probe = folder / f".writable.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            probe.write_bytes(PROBE)
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{what} cannot be written ({error.strerror}): {way_out}") from error
