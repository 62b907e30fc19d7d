"""The store: one folder per job, absent, incomplete or done, shared by studies and by processes."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from headstart.errors import StoreError
from headstart.folder import write_atomic
from headstart.study.jobs.base import Job, RunContext, no_progress

__all__ = ["State", "Store"]

State = Literal["absent", "incomplete", "done"]
DONE, ABOUT = "done.json", "job.json"


class Store:
    """Results under ``root/<kind>/<key>/``; ``done.json`` is written last, so what has it is whole."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe = self.root / ".writable"
            probe.touch()
            probe.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"the store {self.root} cannot be written ({error.strerror}): name another with --store"
            ) from error

    def folder(self, job: Job) -> Path:
        return self.root / job.kind / job.key

    def state(self, job: Job) -> State:
        folder = self.folder(job)
        if (folder / DONE).exists():
            return "done"
        return "incomplete" if folder.exists() else "absent"

    def seconds(self, job: Job) -> float:
        """How long the finished job ran, all its interrupted runs' last parts aside."""
        return float(self._done(job)["seconds"])

    def run(self, job: Job, *, progress: Callable[[int, int], None] = no_progress, workers: int = 1) -> None:
        """Do ``job`` unless it is done; its inputs must be. Whoever else asks for it waits, then finds it done."""
        folder = self.folder(job)
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):
            if self.state(job) == "done":
                return
            about = {"kind": job.kind, "version": job.version, "identity": job.identity()}
            write_atomic(folder / ABOUT, json.dumps(about, indent=1, sort_keys=True).encode())
            inputs = {needed.key: self.folder(needed) for needed in job.inputs}
            assert all(self.state(needed) == "done" for needed in job.inputs), "a job runs after its inputs"
            started = time.perf_counter()
            job.run(RunContext(folder, inputs, progress, workers))
            done = {"seconds": round(time.perf_counter() - started, 3), "finished": time.time()}
            write_atomic(folder / DONE, json.dumps(done).encode())

    def _done(self, job: Job) -> dict[str, Any]:
        path = self.folder(job) / DONE
        try:
            return dict(json.loads(path.read_text()))
        except (OSError, ValueError) as error:
            raise StoreError(f"{path} is damaged: delete its folder and run the study again") from error
