"""What runs on a machine of the cluster: an actor with the life of a local worker. It loads Ray only where Ray did."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread

from headstart.processes.travel import unpack
from headstart.registry import Additions, adopt
from headstart.study.running.launchers.worker import Message, Ready, Refused, environment_of, work_off
from headstart.study.running.store import Store, open_store

__all__ = ["Errand", "Labourer", "releases"]

COUNTED = ("headstart", "torch", "numpy")
"""Packages that change numbers; Ray itself sees to its own release and to Python's."""
SEEN_SECONDS = 5.0
"""How long a new file may take to be seen from another machine."""


@dataclass(frozen=True)
class Errand:
    """What every actor of a run has to know.

    store: its address. token: a file that lies in the store's folder during the run; ``None``: the store is no folder.
    """

    store: str
    token: Path | None
    added: Additions
    releases: dict[str, str]


def releases() -> dict[str, str]:
    """Of packages that change numbers, those that are installed here."""
    return {package: _release(package) for package in COUNTED}


class Labourer:
    """A worker on a machine of the cluster.

    path: where the modules lie that the study uses, as far as this machine has them. errand: packed. gpus: the numbers
    of those that it may use. machine: its name for people.
    """

    def __init__(self, path: Sequence[str], errand: bytes, gpus: Sequence[int], machine: str) -> None:
        if gpus:
            os.environ.update(environment_of(gpus))
        sys.path.extend(place for place in path if place not in sys.path)
        self._machine = machine
        self._errand: Errand = unpack(errand)
        adopt(self._errand.added)
        self._store: Store | None = None

    def work(self, jobs: bytes) -> Iterator[Message]:
        """Work off packed jobs, and tell."""
        try:
            store = self._opened()
        except _RefusedError as error:
            yield Refused(str(error))
            return
        desk = _Desk()
        Thread(target=desk.work_off, args=(jobs, store), name="jobs", daemon=True).start()
        while (message := desk.told.get()) is not None:
            yield message
            desk.heard.set()

    def _opened(self) -> Store:
        if self._store is None:
            self._check_releases()
            self._check_store()
            self._store = open_store(self._errand.store)
        return self._store

    def _check_releases(self) -> None:
        for package, wanted in self._errand.releases.items():
            found = _release(package)
            if found != wanted:
                raise _RefusedError(
                    f"{self._machine} has {package} {found} and this machine {wanted}: install the same on all machines"
                )

    def _check_store(self) -> None:
        """Before it is opened, which would make an empty one where the folder is not shared."""
        token, end = self._errand.token, time.monotonic() + SEEN_SECONDS
        while token is not None and not token.exists():
            if time.monotonic() > end:
                raise _RefusedError(
                    f"{self._machine} does not see the store {self._errand.store}: name a folder that all machines of "
                    "the cluster share, or a URL, with --store"
                )
            time.sleep(0.1)


class _RefusedError(Exception):
    """Why this machine cannot work for the study."""


class _Desk:
    """Between the thread that does the jobs and the one that tells of them.

    The first job is begun when it was heard that it will be: if it then takes the process with it, it has the blame.
    """

    def __init__(self) -> None:
        self.told, self.heard = SimpleQueue[Message | None](), Event()

    def work_off(self, jobs: bytes, store: Store) -> None:
        try:
            work_off(partial(unpack, jobs), store, self._tell)
        finally:
            self.told.put(None)

    def _tell(self, message: Message) -> None:
        self.told.put(message)
        if isinstance(message, Ready):
            self.heard.wait()


def _release(package: str) -> str:
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return "missing"
