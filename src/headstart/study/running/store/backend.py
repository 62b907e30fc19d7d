"""What a store asks of where it lies."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from headstart.errors import StoreError
from headstart.study.running.store.marker import Marker

__all__ = ["Backend", "DamagedError", "Entry", "Fetched", "Held", "Lock", "entry_keys"]

KEY = re.compile(r"[0-9a-f]{40}")


class DamagedError(StoreError):
    """A file of a finished job holds other bytes than the job wrote, or is gone."""


class Entry(NamedTuple):
    """A job's place: its files under ``kind/key/``, its marker ``kind/key.json``."""

    kind: str
    key: str

    @property
    def folder(self) -> str:
        return f"{self.kind}/{self.key}"

    @property
    def marker(self) -> str:
        return f"{self.kind}/{self.key}.json"


class Fetched(NamedTuple):
    """A finished job. replaced: whether its files are others than this process knew before."""

    marker: Marker
    folder: Path
    replaced: bool


class Held(NamedTuple):
    """What lies in a store of one job. done: whether it is finished. modified: seconds since 1970, if known."""

    entry: Entry
    done: bool
    bytes: int
    modified: float | None


class Lock(ABC):
    """The right to run a job, or to remove what it left. patience: seconds after which a second ``attempt`` tells a
    dead owner from a living one."""

    patience: float = 0.0

    @abstractmethod
    def attempt(self) -> bool:
        """Take it if it is free."""

    @abstractmethod
    def acquire(self) -> None:
        """Wait for it."""

    @abstractmethod
    def release(self) -> None:
        """Give it back."""

    @abstractmethod
    def renew(self) -> None:
        """Be its owner still: wait for it again if it was lost meanwhile."""


class Backend(ABC):
    """Where results lie. ``root`` is the local folder in which jobs run and are read: ``root/kind/key``."""

    root: Path
    address: str

    @abstractmethod
    def check_writable(self) -> None:
        """Raises ``StoreError`` if nothing can be written."""

    @abstractmethod
    def kinds(self) -> list[str]:
        """Kinds of which there may be jobs, in order."""

    @abstractmethod
    def names(self, kind: str) -> frozenset[str]:
        """Of folders, markers and all else of a kind, listed at once."""

    @abstractmethod
    def survey(self, kind: str) -> Iterator[Held]:
        """All that lies there of a kind."""

    @abstractmethod
    def is_done(self, entry: Entry) -> bool:
        """Whether the job is finished, as far as its marker and folder tell."""

    @abstractmethod
    def exists(self, entry: Entry) -> bool:
        """Whether it has a folder, finished or not."""

    def prefetch(self, wanted: Mapping[Entry, tuple[str, ...]]) -> None:  # noqa: B027 - near ones are at hand
        """Bring files of many finished jobs near, for ``fetch`` to find; what is damaged it will tell."""

    @abstractmethod
    def fetch(self, entry: Entry, names: tuple[str, ...] | None = None) -> Fetched | None:
        """A finished job, some or all of its files verified and in its local folder; ``None`` if it is not finished.

        Raises ``DamagedError`` where files or marker are not what they were.
        """

    @abstractmethod
    def lock(self, entry: Entry) -> Lock:
        """Not acquired yet."""

    @abstractmethod
    def begin(self, entry: Entry) -> Path:
        """The local folder for a job that is not finished, with what an interrupted run left."""

    @abstractmethod
    def commit(self, entry: Entry, seconds: float) -> None:
        """Keep what lies in the local folder: files first, the marker last."""

    @abstractmethod
    def put(self, entry: Entry, fetched: Fetched) -> None:
        """Keep a copy of another store's finished job."""

    @abstractmethod
    def remove(self, entry: Entry) -> None:
        """Delete the marker, then all else. The lock must be held."""

    @abstractmethod
    def check(self, entry: Entry) -> Marker:
        """Read every byte of a finished job again. Raises ``DamagedError`` where files or marker are not what they
        were."""

    @contextmanager
    def hold(self, entry: Entry) -> Iterator[Lock]:
        """Its lock, for a while."""
        lock = self.lock(entry)
        lock.acquire()
        try:
            yield lock
        finally:
            lock.release()

    def withdraw(self, entry: Entry) -> None:
        """Remove what is damaged, so that it is made again; unless someone has made it again meanwhile."""
        with self.hold(entry):
            try:
                self.fetch(entry)
            except DamagedError:
                self.remove(entry)


def entry_keys(names: frozenset[str]) -> list[str]:
    """Keys of jobs among the names in a kind's folder, in order: of folders and of markers."""
    return sorted({stem for name in names if KEY.fullmatch(stem := name.removesuffix(".json"))})
