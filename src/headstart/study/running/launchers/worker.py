"""A worker of the local launcher: a process that runs one job after another. It loads torch only with jobs that do."""

import sys
import time
import traceback
from dataclasses import dataclass

from headstart.errors import HeadstartError
from headstart.processes import Parent
from headstart.registry import Additions, adopt
from headstart.study.jobs.base import Job, Progress
from headstart.study.running.store import Store, open_store

__all__ = ["Done", "Failed", "Ready", "Step", "work"]

REPORT_SECONDS = 0.5


@dataclass(frozen=True)
class Ready:
    """The process has begun."""


@dataclass(frozen=True)
class Step:
    """Of the job in hand, in its own unit."""

    done: int
    total: int


@dataclass(frozen=True)
class Done:
    """The job in hand is."""


@dataclass(frozen=True)
class Failed:
    """The job in hand is not done. unforeseen: whatever it was may have left the process in a bad state."""

    reason: str
    detail: str
    unforeseen: bool


def work(parent: Parent, address: str, added: Additions) -> None:
    """Run the jobs that come, each with the number of processes it may start, in the store at ``address``."""
    adopt(added)
    store = open_store(address)
    parent.send(Ready())
    while True:
        parent.send(_attempt(parent, store))


def _attempt(parent: Parent, store: Store) -> Done | Failed:
    try:
        job, workers = parent.receive()
        _prepare(job)
        store.run(job, progress=_reporter(parent), workers=workers)
    except HeadstartError as error:
        return Failed(str(error), traceback.format_exc(), unforeseen=False)
    except Exception as error:
        return Failed(f"{type(error).__name__}: {error}", traceback.format_exc(), unforeseen=True)
    return Done()


def _prepare(job: Job) -> None:
    """As many threads as the job says, not as happen to be free, for sums depend on them; on a GPU as torch likes."""
    if not job.needs.gpus and (torch := sys.modules.get("torch")):
        torch.set_num_threads(job.needs.cpus)


def _reporter(parent: Parent) -> Progress:
    last = 0.0

    def report(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > REPORT_SECONDS:
            last = time.monotonic()
            parent.send(Step(done, total))

    return report
