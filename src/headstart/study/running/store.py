"""The store: a folder per job and a marker beside it, shared by studies and by processes."""

import json
import math
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from headstart.errors import StoreError
from headstart.files import sync_folder, write_atomic
from headstart.study.jobs.base import Job, RunContext, no_progress

__all__ = ["State", "Store", "open_store"]

State = Literal["absent", "incomplete", "done"]
DESCRIPTION, CHECKPOINTS = "job.json", "checkpoints"
PROBE = b"\0" * 4096
"""Enough for a full disk to refuse it."""


class Store:
    """Results under ``root/<kind>/<key>/``. The marker ``<key>.json`` beside a folder is written last: it is whole."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        self.check_writable()

    @property
    def address(self) -> str:
        """What ``open_store`` makes this store of in another process."""
        return str(self.root)

    def check_writable(self) -> None:
        """Raises ``StoreError`` if nothing can be written, because of rights or of a full disk."""
        probe = self.root / f".writable.{os.getpid()}"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            try:
                probe.write_bytes(PROBE)
            finally:
                probe.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"the store {self.root} cannot be written ({error.strerror}): make room, or name another with --store"
            ) from error

    def folder(self, job: Job) -> Path:
        return self.root / job.kind / job.key

    def state(self, job: Job) -> State:
        folder = self.folder(job)
        return _state(job, [path.name for path in (folder, _marker(folder)) if path.exists()])

    def states(self, jobs: Iterable[Job]) -> dict[str, State]:
        """The state of each by its key. Each kind's folder is listed once, however many jobs there are."""
        listed: dict[str, frozenset[str]] = {}
        states: dict[str, State] = {}
        for job in jobs:
            if job.kind not in listed:
                listed[job.kind] = _names(self.root / job.kind)
            states[job.key] = _state(job, listed[job.kind])
        return states

    def seconds(self, job: Job) -> float:
        """How long the finished job ran, all its interrupted runs' last parts aside; NaN if a loss of power took it."""
        path = _marker(self.folder(job))
        try:
            text = path.read_text()
            if not text:
                return math.nan
            marker: dict[str, Any] = json.loads(text)
            return float(marker["seconds"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(f"{path} is damaged: delete it and run the study again") from error

    def run(self, job: Job, *, progress: Callable[[int, int], None] = no_progress, workers: int = 1) -> None:
        """Do ``job`` unless it is done; its inputs must be. Whoever else asks for it waits, then finds it done."""
        folder = self.folder(job)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            if self.state(job) == "done":
                return
            # Of a folder that someone deleted: it would speak for the new one before that is whole.
            _marker(folder).unlink(missing_ok=True)
            assert all(self.state(needed) == "done" for needed in job.inputs), "a job runs after its inputs"
            context = self._context(job, progress, workers)
            started = time.perf_counter()
            job.run(context)
            done = {"seconds": round(time.perf_counter() - started, 3), "finished": time.time()}
            sync_folder(folder)
            # The folder is safe; a marker that a loss of power takes away costs no more than the job once more.
            write_atomic(_marker(folder), json.dumps(done).encode(), sync=False)
            shutil.rmtree(context.checkpoints, ignore_errors=True)

    def _context(self, job: Job, progress: Callable[[int, int], None], workers: int) -> RunContext:
        folder = self.folder(job)
        description = {"kind": job.kind, "version": job.version, "identity": job.identity()}
        write_atomic(folder / DESCRIPTION, json.dumps(description, indent=1, sort_keys=True).encode(), sync=False)
        inputs = {needed.key: self.folder(needed) for needed in job.inputs}
        return RunContext(folder, folder / CHECKPOINTS, inputs, progress, workers)


def open_store(address: str | Path) -> Store:
    """The store at ``address``: a folder. Raises ``StoreError`` if it cannot be written."""
    return Store(Path(address))


def _marker(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


def _names(folder: Path) -> frozenset[str]:
    return frozenset(entry.name for entry in os.scandir(folder)) if folder.exists() else frozenset()


def _state(job: Job, names: Collection[str]) -> State:
    """By the names that lie in the folder of its kind."""
    if job.key not in names:
        return "absent"
    return "done" if f"{job.key}.json" in names else "incomplete"
