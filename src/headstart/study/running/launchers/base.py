"""What a launcher is, and what it tells while it works."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from headstart.processes import available_cores
from headstart.study.jobs.base import RUNS_PER_GPU, Job
from headstart.study.running.store import Store
from headstart.training.precision import has_cuda

__all__ = ["Event", "Launcher", "Listener", "count_gpus", "default_workers"]


@dataclass(frozen=True)
class Event:
    """What a launcher tells while it works; ``done`` and ``total`` count image-steps of the job.

    reason: why it is ``retried`` or ``failed``, in a sentence. detail: the traceback behind that, where there is one.
    """

    what: Literal["started", "progress", "finished", "retried", "failed"]
    job: Job
    done: int
    total: int
    reason: str = ""
    detail: str = ""


Listener = Callable[[Event], None]


class Launcher(ABC):
    """Runs the jobs of a plan that are not done, each after its inputs.

    workers: how many run at once, by default as many as there is room for. address: of the machines, where they are not
    this one.
    """

    def __init__(self, store: Store, workers: int | None = None, address: str | None = None) -> None:
        self.store, self.workers, self.address = store, workers, address

    def width(self) -> int:
        """How many jobs run at once, if each takes a core or shares a GPU."""
        return self.workers or default_workers()

    def cores(self) -> int:
        """Cores that they have together."""
        return available_cores()

    @abstractmethod
    def run(self, jobs: Sequence[Job], listen: Listener) -> dict[str, str]:
        """Return when all are done or failed: why, by key, those failed that did, each cause before what follows.

        A job that fails is tried once more, after what else is ready; then it has failed, and so have all that need it,
        while the others go on. Raises only what keeps the launcher itself from working.
        """

    def left(self, jobs: Sequence[Job]) -> list[Job]:
        """Those that are not done."""
        states = self.store.states(jobs)
        return [job for job in jobs if states[job.key] != "done"]

    def close(self) -> None:
        """Leave nothing behind that was started for several runs."""
        return


def default_workers() -> int:
    """One process per core of this machine, or a few that share each GPU."""
    return max(available_cores(), RUNS_PER_GPU * count_gpus())


def count_gpus() -> int:
    """GPUs that this process may use."""
    if not has_cuda():
        return 0
    import torch

    return torch.cuda.device_count()
