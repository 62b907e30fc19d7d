"""What a launcher is, and what it tells while it works."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from headstart.study.jobs.base import Job
from headstart.study.running.store import Store

__all__ = ["Event", "Launcher", "Listener"]


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
    """Runs the jobs of a plan that are not done, each after its inputs."""

    def __init__(self, store: Store, workers: int | None = None) -> None:
        self.store, self.workers = store, workers

    @abstractmethod
    def run(self, jobs: Sequence[Job], listen: Listener) -> dict[str, str]:
        """Return when all are done or failed: why, by key, those failed that did, each cause before what follows.

        A job that fails is tried once more, after what else is ready; then it has failed, and so have all that need it,
        while the others go on. Raises only what keeps the launcher itself from working.
        """
