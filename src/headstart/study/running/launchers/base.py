"""What a launcher is, and the order in which work is handed out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from headstart.study.jobs.base import Job
from headstart.study.running.store import Store

__all__ = ["Event", "Launcher", "Queue"]


@dataclass(frozen=True)
class Event:
    """What a launcher tells while it works; ``done`` and ``total`` count image-steps of the job."""

    what: Literal["started", "progress", "finished"]
    job: Job
    done: int
    total: int


Listener = Callable[[Event], None]


class Launcher(ABC):
    """Runs the jobs of a plan that are not done, each after its inputs."""

    def __init__(self, store: Store, workers: int | None = None) -> None:
        self.store, self.workers = store, workers

    @abstractmethod
    def run(self, jobs: Sequence[Job], listen: Listener) -> None:
        """Return when all are done; the first error stops the rest, and what was finished stays."""


class Queue:
    """Ready jobs in groups that share data and starting weights.

    A worker takes part of a group rather than the whole when others would have nothing to do: a take is at most the
    group's share per worker, dearest group first, so that the last worker to finish does not hold the study up.
    """

    def __init__(self, jobs: Iterable[Job], done: Callable[[Job], bool], workers: int) -> None:
        self._waiting = {job.key: job for job in jobs if not done(job)}
        self._workers = workers
        self._running: set[str] = set()

    @property
    def empty(self) -> bool:
        return not self._waiting

    def finish(self, job: Job) -> None:
        """``job`` is done."""
        self._running.discard(job.key)
        del self._waiting[job.key]

    def take(self) -> list[Job]:
        """Jobs for one worker, of one group; empty when all that is left waits for what is running."""
        groups: dict[str, list[Job]] = {}
        for job in self._waiting.values():
            if job.key not in self._running and not any(needed.key in self._waiting for needed in job.inputs):
                groups.setdefault(job.group, []).append(job)
        if not groups:
            return []
        group = max(groups.values(), key=lambda jobs: max((job.first, job.cost) for job in jobs))
        group.sort(key=lambda job: -job.cost)
        taken = group[: max(1, len(group) // (2 * self._workers))]
        self._running.update(job.key for job in taken)
        return taken
