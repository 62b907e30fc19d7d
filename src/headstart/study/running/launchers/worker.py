"""What every worker does, wherever it runs: one job after another, of which it tells. torch comes with jobs that use
it."""

import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from headstart.errors import HeadstartError
from headstart.processes import ONE_THREAD, Parent
from headstart.registry import Additions, adopt
from headstart.study.jobs.base import Job, Progress
from headstart.study.running.store import Store, open_store

__all__ = [
    "Done",
    "Failed",
    "Message",
    "Ready",
    "Refused",
    "Step",
    "Tell",
    "environment_of",
    "gpu_share",
    "use_threads",
    "work",
    "work_off",
]

REPORT_SECONDS = 0.5
CONTEXT_BYTES = 600 * 2**20
"""What CUDA and its libraries take in a process, which torch does not count."""


@dataclass(frozen=True)
class Ready:
    """It has the jobs that it was given, and begins."""


@dataclass(frozen=True)
class Refused:
    """It cannot work for this study, and no other worker of its machine could. reason: a sentence for the user."""

    reason: str


@dataclass(frozen=True)
class Step:
    """Of the job in hand, in its own unit."""

    done: int
    total: int


@dataclass(frozen=True)
class Done:
    """The job in hand is. share: of its GPU's memory, what it had at most; 0 on a CPU."""

    share: float = 0.0


@dataclass(frozen=True)
class Failed:
    """The job in hand is not done. unforeseen: whatever it was may have left the process in a bad state. share: of its
    GPU's memory, what it may need; 0 where that is not why."""

    reason: str
    detail: str
    unforeseen: bool
    share: float = 0.0


Message = Ready | Refused | Step | Done | Failed
Tell = Callable[[Message], None]


def work(parent: Parent, address: str, added: Additions) -> None:
    """A worker of the local launcher: works off the groups of jobs that come, in the store at ``address``."""
    adopt(added)
    store = open_store(address)
    while True:
        work_off(parent.receive, store, parent.send)


def work_off(receive: Callable[[], tuple[Sequence[Job], int]], store: Store, tell: Tell) -> None:
    """Run jobs in a row, and none after something unforeseen. receive: gives them, and how many processes each may
    start."""
    try:
        jobs, cpus = receive()
    except Exception as error:
        tell(_unforeseen(error))
        return
    tell(Ready())
    for job in jobs:
        end = _attempt(job, cpus, store, tell)
        tell(end)
        if isinstance(end, Failed) and end.unforeseen:
            return


def environment_of(gpus: Sequence[int]) -> Mapping[str, str]:
    """A process sees its own GPUs and no other, as numbers from 0; one that has none computes in one thread."""
    if not gpus:
        return ONE_THREAD
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = seen.split(",") if seen else [str(number) for number in range(max(gpus) + 1)]
    return {"CUDA_VISIBLE_DEVICES": ",".join(names[number] for number in gpus)}


def _attempt(job: Job, cpus: int, store: Store, tell: Tell) -> Done | Failed:
    try:
        use_threads(job)
        store.run(job, progress=_reporter(tell), workers=cpus)
    except HeadstartError as error:
        return Failed(str(error), traceback.format_exc(), unforeseen=False)
    except Exception as error:
        return _unforeseen(error)
    return Done(gpu_share(job))


def _unforeseen(error: Exception) -> Failed:
    share = 1.0 if type(error).__name__ == "OutOfMemoryError" else 0.0  # it is tried again with a GPU to itself
    return Failed(f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error)), True, share)


def gpu_share(job: Job) -> float:
    """The share of its GPU's memory that a job of one GPU had at most, and what a process has there beside its tensors;
    0 on a CPU. The next job is counted from 0."""
    torch = sys.modules.get("torch")
    if not job.needs.gpus or torch is None or not torch.cuda.is_initialized():
        return 0.0
    peak = torch.cuda.max_memory_reserved() + CONTEXT_BYTES
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    return float(peak / torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory)


def use_threads(job: Job) -> None:
    """As many threads as the job says, not as happen to be free, for sums depend on them; on a GPU as torch likes."""
    if not job.needs.gpus and (torch := sys.modules.get("torch")):
        torch.set_num_threads(job.needs.cpus)


def _reporter(tell: Tell) -> Progress:
    last = 0.0

    def report(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last > REPORT_SECONDS:
            last = time.monotonic()
            tell(Step(done, total))

    return report
