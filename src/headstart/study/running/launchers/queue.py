"""The order in which work is handed out."""

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from headstart.study.jobs.base import Job, Needs
from headstart.study.running.launchers.shares import Shares

__all__ = ["Queue"]


class _Group(NamedTuple):
    """Jobs that one worker can run in a row: they share data and starting weights, and need the same.

    fresh: whether they never failed.
    """

    fresh: bool
    name: str
    needs: Needs


class Queue:
    """Jobs that are not done, of which the ready ones are taken in groups.

    A worker takes part of a group rather than the whole when others would have nothing to do: a take is at most the
    group's share per worker, dearest group first, so that the last worker to finish does not hold the study up. What
    failed once is taken when nothing else can be, unless it goes before all others (``Job.first``).

    A large job that does not fit waits while smaller ones go on, until it is owed its turn: as soon as it and all that
    waits for it cost more than everything else that is ready, nothing is taken that would be in its way.
    """

    def __init__(self, jobs: Iterable[Job], workers: int) -> None:
        """jobs: not done, each with those of its inputs that are not done either. workers: who share a group."""
        self._shares = Shares()
        self._waiting = {job.key: job for job in jobs}
        self._workers = workers
        self._failed_once: set[str] = set()
        self._ready: dict[_Group, list[Job]] = {}
        self._missing: dict[str, set[str]] = {}
        self._dependents: dict[str, list[Job]] = defaultdict(list)
        for job in self._waiting.values():
            missing = self._missing[job.key] = {needed.key for needed in job.inputs} & self._waiting.keys()
            for key in missing:
                self._dependents[key].append(job)
            if not missing:
                self._make_ready(job)

    @property
    def empty(self) -> bool:
        """Whether every job is done or failed."""
        return not self._waiting

    def take(self, fits: Callable[[Needs], bool]) -> list[Job]:
        """Jobs for one worker, of one group; empty when all that is left waits for what is running.

        fits: whether what a job needs is free.
        """
        owed = self._owed(fits)
        for group in sorted(self._ready, key=self._urgency, reverse=True):
            if fits(group.needs) and not (owed and _in_the_way(group.needs, owed)):
                return self._part(group)
        return []

    def needs(self, job: Job) -> Needs:
        """What ``job`` occupies, by what is known by now."""
        return self._shares.needs(job)

    def learn(self, job: Job, share: float) -> None:
        """A run of ``job`` had at most ``share`` of a GPU's memory."""
        if self._shares.learn(job, share):
            ready = [each for jobs in self._ready.values() for each in jobs]
            self._ready = {}
            self.put_back(ready)

    def finish(self, job: Job) -> None:
        """``job`` is done."""
        del self._waiting[job.key]
        for dependent in self._dependents[job.key]:
            missing = self._missing[dependent.key]
            missing.discard(job.key)
            if not missing and dependent.key in self._waiting:
                self._make_ready(dependent)

    def put_back(self, jobs: Iterable[Job]) -> None:
        """Taken ones that nobody began."""
        for job in jobs:
            self._make_ready(job)

    def retry(self, job: Job) -> bool:
        """Put back one that failed; ``False`` if it failed before."""
        if job.key in self._failed_once:
            return False
        self._failed_once.add(job.key)
        self._make_ready(job)
        return True

    def fail(self, job: Job, reason: str) -> dict[str, tuple[Job, str]]:
        """Give up ``job``, all that need it, and what nothing needs any more: each of them and why, by key."""
        failed = {job.key: (job, reason)}
        for key, each in self._behind(job).items():
            if key in self._waiting:
                failed.setdefault(key, (each, f"needs {job.title}, which failed: {reason}"))
        for each in self._in_vain([each for each, _ in failed.values()]):
            failed[each.key] = (each, f"of no use without {job.title}, which failed: {reason}")
        left = {group: [job for job in jobs if job.key not in failed] for group, jobs in self._ready.items()}
        self._ready = {group: jobs for group, jobs in left.items() if jobs}
        return failed

    def remaining(self) -> Iterator[Job]:
        """Those that are neither done nor failed."""
        yield from list(self._waiting.values())

    def _make_ready(self, job: Job) -> None:
        group = _Group(job.key not in self._failed_once, job.group, self.needs(job))
        insort(self._ready.setdefault(group, []), job, key=lambda job: (not job.first, -job.cost))

    def _urgency(self, group: _Group) -> tuple[bool, bool, int]:
        dearest = self._ready[group][0]
        return dearest.first, group.fresh, dearest.cost

    def _part(self, group: _Group) -> list[Job]:
        jobs = self._ready.pop(group)
        count = max(1, len(jobs) // (2 * self._workers))
        if jobs[count:]:
            self._ready[group] = jobs[count:]
        return jobs[:count]

    def _owed(self, fits: Callable[[Needs], bool]) -> Needs | None:
        """What a large job needs whose turn it is, though it does not fit yet."""
        large = [group for group in self._ready if group.needs.large and not fits(group.needs)]
        for group in sorted(large, key=self._urgency, reverse=True):
            job = self._ready[group][0]
            others = sum(other.cost for jobs in self._ready.values() for other in jobs) - job.cost
            if sum(each.cost for each in self._behind(job).values()) > others:
                return group.needs
        return None

    def _in_vain(self, failed: Sequence[Job]) -> Iterator[Job]:
        """Take ``failed`` off the list; then the inputs that none but they were to use, and theirs."""
        for job in failed:
            del self._waiting[job.key]
        for needed in (needed for job in failed for needed in job.inputs):
            unused = not any(each.key in self._waiting for each in self._dependents[needed.key])
            if needed.key in self._waiting and unused:
                yield needed
                yield from self._in_vain([needed])

    def _behind(self, job: Job) -> dict[str, Job]:
        """``job`` and all that need it, directly or not, by key."""
        dependents = {job.key: job}
        for each in (line := [job]):
            for dependent in self._dependents[each.key]:
                if dependent.key not in dependents:
                    dependents[dependent.key] = dependent
                    line.append(dependent)
        return dependents


def _in_the_way(needs: Needs, owed: Needs) -> bool:
    """Whether it would occupy what ``owed`` waits for: cores, which all need, or GPUs alone."""
    return owed.cpus > 1 or needs.gpus > 0
