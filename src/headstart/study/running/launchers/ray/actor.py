"""What runs on a machine of the cluster: an actor with the life of a local worker. It loads Ray only where Ray did."""

import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from queue import SimpleQueue
from threading import Event, Thread

from headstart.processes import keep_freed_memory
from headstart.processes.travel import unpack
from headstart.study.running.launchers.ray.errand import Errand, RefusedError
from headstart.study.running.launchers.worker import Message, Ready, Refused, environment_of, work_off
from headstart.study.running.store import Store

__all__ = ["Labourer"]


class Labourer:
    """A worker on a machine of the cluster.

    path: where the modules lie that the study uses, as far as this machine has them. errand: packed. gpus: the numbers
    of those that it may use. machine: its name for people.
    """

    def __init__(self, path: Sequence[str], errand: bytes, gpus: Sequence[int], machine: str) -> None:
        if gpus:
            os.environ.update(environment_of(gpus))
        keep_freed_memory()
        sys.path.extend(place for place in path if place not in sys.path)
        self._machine = machine
        self._errand: Errand = unpack(errand)
        self._store: Store | None = None

    def work(self, jobs: bytes) -> Iterator[Message]:
        """Work off packed jobs, and tell."""
        try:
            self._store = self._store or self._errand.open(self._machine)
        except RefusedError as error:
            yield Refused(str(error))
            return
        desk = _Desk()
        Thread(target=desk.work_off, args=(jobs, self._store), name="jobs", daemon=True).start()
        while (message := desk.told.get()) is not None:
            yield message
            desk.heard.set()


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
