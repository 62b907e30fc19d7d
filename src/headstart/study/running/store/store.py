"""What launchers, plans and jobs see of a store."""

import json
import logging
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from headstart.errors import StoreError
from headstart.files import write_atomic
from headstart.study.jobs.base import Job, RunContext, no_progress
from headstart.study.running.store.addresses import open_backend
from headstart.study.running.store.backend import DamagedError, Entry, Lock
from headstart.study.running.store.digests import CHECKPOINTS

__all__ = ["Finished", "State", "Store", "open_store"]

State = Literal["absent", "incomplete", "done"]
DESCRIPTION = "job.json"


class Finished(NamedTuple):
    """A finished job: its folder, verified, and how long it ran; NaN if a loss of power took that."""

    folder: Path
    seconds: float


class Store:
    """Results by the keys of jobs, at an address: a folder, or an fsspec URL.

    read_only: for those who only look. Raises ``StoreError`` for an address that cannot be used.

    >>> Store("memory://doc").state(job)  # doctest: +SKIP
    'absent'
    """

    def __init__(self, address: str | Path, *, read_only: bool = False) -> None:
        self.backend = open_backend(address)
        if not read_only:
            self.check_writable()

    @property
    def address(self) -> str:
        """What ``open_store`` makes this store of in another process."""
        return self.backend.address

    @property
    def root(self) -> Path:
        """The local folder in which jobs run and are read: the store itself, or this machine's cache of it."""
        return self.backend.root

    def check_writable(self) -> None:
        """Raises ``StoreError`` if nothing can be written, because of rights or of a full disk."""
        self.backend.check_writable()

    def folder(self, job: Job) -> Path:
        """Of a finished job, with all its files, verified; of another, where it will run on this machine.

        Raises ``StoreError`` where a file of a finished job is damaged.
        """
        fetched = self.backend.fetch(_entry(job))
        return fetched.folder if fetched else self.root / _entry(job).folder

    def state(self, job: Job) -> State:
        entry = _entry(job)
        if self.backend.is_done(entry):
            return "done"
        return "incomplete" if self.backend.exists(entry) else "absent"

    def states(self, jobs: Iterable[Job]) -> dict[str, State]:
        """The state of each by its key. Each kind is listed once, however many jobs there are."""
        listed: dict[str, frozenset[str]] = {}
        states: dict[str, State] = {}
        for job in jobs:
            if job.kind not in listed:
                listed[job.kind] = self.backend.names(job.kind)
            states[job.key] = _state(job, listed[job.kind])
        return states

    def found(self, job: Job, names: tuple[str, ...] | None = None) -> Finished | None:
        """What a job left, if it is done; ``None`` if it has to be run, because it never was, or because what it left
        is damaged, which then is removed.

        names: files that are wanted, where not all are.
        """
        entry = _entry(job)
        try:
            fetched = self.backend.fetch(entry, names)
        except DamagedError as error:
            logging.getLogger(__name__).warning("%s: it is removed, to be made again", error)
            self.backend.withdraw(entry)
            job.forget()
            return None
        if fetched and fetched.replaced:
            job.forget()
        return Finished(fetched.folder, fetched.marker.seconds) if fetched else None

    def prefetch(self, jobs: Iterable[Job], names: Callable[[Job], tuple[str, ...]]) -> None:
        """Bring ``names`` of many finished jobs to this machine, many at a time, before ``found`` asks for each."""
        self.backend.prefetch({_entry(job): names(job) for job in jobs})

    def seconds(self, job: Job) -> float:
        """How long the finished job ran, all its interrupted runs' last parts aside; NaN if a loss of power took it."""
        fetched = self.backend.fetch(_entry(job), ())
        if fetched is None:
            raise StoreError(f"{job.title} is not in the store any more: run the study again")
        return fetched.marker.seconds

    def run(self, job: Job, *, progress: Callable[[int, int], None] = no_progress, workers: int = 1) -> None:
        """Do ``job`` unless it is done; its inputs must be. Whoever else asks for it waits, then finds it done."""
        entry = _entry(job)
        with self.backend.hold(entry) as lock:
            if self.backend.is_done(entry):
                return
            inputs = {needed.key: self._input(needed) for needed in job.inputs}
            folder = self.backend.begin(entry)
            description = {"kind": job.kind, "version": job.version, "identity": job.identity()}
            write_atomic(folder / DESCRIPTION, json.dumps(description, indent=1, sort_keys=True).encode(), sync=False)
            started = time.perf_counter()
            job.run(RunContext(folder, folder / CHECKPOINTS, inputs, progress, workers))
            self._commit(entry, lock, round(time.perf_counter() - started, 3))

    def _commit(self, entry: Entry, lock: Lock, seconds: float) -> None:
        """Unless another, who took this process for dead, has done the same."""
        lock.renew()
        if not self.backend.is_done(entry):
            self.backend.commit(entry, seconds)

    def _input(self, needed: Job) -> Path:
        """The folder of a finished input. What was removed since it was done, or is damaged, is made again here."""
        found = self.found(needed)
        if found is None:
            self.run(needed)
            needed.forget()
            found = self.found(needed)
        if found is None:
            raise StoreError(f"what {needed.title} left in {self.address} is damaged again and again: check that disk")
        return found.folder


def open_store(address: str | Path, *, read_only: bool = False) -> Store:
    """The store at ``address``: a folder, or a URL such as ``s3://bucket/folder``, that other processes see, too.

    Raises ``StoreError`` if it cannot be used, or, unless ``read_only``, written.
    """
    if str(address).startswith("memory:"):
        raise StoreError(
            f"{address} is seen by one process only, and jobs run in several: name a folder or a bucket with --store"
        )
    return Store(address, read_only=read_only)


def _entry(job: Job) -> Entry:
    return Entry(job.kind, job.key)


def _state(job: Job, names: Collection[str]) -> State:
    """By the names that lie in the folder of its kind."""
    if job.key not in names:
        return "absent"
    return "done" if f"{job.key}.json" in names else "incomplete"
