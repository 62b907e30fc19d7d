"""The local launcher: a process per core on a CPU, each with one thread; several processes share a GPU."""

import os
from collections.abc import Mapping, Sequence

from headstart.errors import HeadstartError
from headstart.processes import ONE_THREAD, Child, available_cores, first_heard
from headstart.registry import additions
from headstart.study.jobs.base import RUNS_PER_GPU, Job
from headstart.study.running.launchers.base import Event, Launcher, Listener
from headstart.study.running.launchers.queue import Queue
from headstart.study.running.launchers.slots import Grant, Slots
from headstart.study.running.launchers.worker import Done, Failed, Ready, Step, work
from headstart.study.running.store import Store
from headstart.training.precision import has_cuda

__all__ = ["LocalLauncher", "default_workers"]

ATTEMPTS = 3
"""Processes that may end before they have begun, until it is held against the machine."""


class LocalLauncher(Launcher):
    """Jobs in processes of this machine.

    workers: how many jobs run at once, by default one per core, or a few per GPU if that is more. gpus: how many there
    are to use, by default all.
    """

    def __init__(self, store: Store, workers: int | None = None, gpus: int | None = None) -> None:
        super().__init__(store, workers)
        self.gpus = gpus

    def run(self, jobs: Sequence[Job], listen: Listener) -> dict[str, str]:
        states = self.store.states(jobs)
        left = [job for job in jobs if states[job.key] != "done"]
        if not left:
            return {}
        workers = self.workers or default_workers()
        gpus = _count_gpus() if self.gpus is None else self.gpus
        crew = _Crew(self.store, Queue(left, workers), Slots(workers, gpus), listen)
        try:
            return crew.run()
        finally:
            crew.end()


def default_workers() -> int:
    """One process per core, or a few that share each GPU."""
    return max(available_cores(), RUNS_PER_GPU * _count_gpus())


def _count_gpus() -> int:
    if not has_cuda():
        return 0
    import torch

    return torch.cuda.device_count()


class _Worker:
    """A process and what it has in hand: the first of its ``jobs``, and those that it will run next."""

    def __init__(self, store: Store, gpus: tuple[int, ...]) -> None:
        self.child = Child(work, store.address, additions(), environment=_environment(gpus))
        self.gpus = gpus
        self.jobs: list[Job] = []
        self.grant: Grant | None = None
        self.begun, self.group = False, ""


def _environment(gpus: tuple[int, ...]) -> Mapping[str, str]:
    """A process sees its own GPUs and no other, as numbers from 0; one that has none computes in one thread."""
    if not gpus:
        return ONE_THREAD
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = seen.split(",") if seen else [str(number) for number in range(max(gpus) + 1)]
    return {"CUDA_VISIBLE_DEVICES": ",".join(names[number] for number in gpus)}


class _Crew:
    """The workers of one run of the launcher."""

    def __init__(self, store: Store, queue: Queue, slots: Slots, listen: Listener) -> None:
        self.store, self.queue, self.slots, self.listen = store, queue, slots, listen
        self.workers: list[_Worker] = []
        self.reasons: dict[str, str] = {}
        self._never_begun = 0

    def run(self) -> dict[str, str]:
        """Until every job is done or failed: the reasons of those that failed."""
        for job in self.queue.remaining():
            if job.key not in self.reasons and not self.slots.possible(job.needs):
                wanted = max(1, int(job.needs.gpus))
                reason = (
                    f"planned for {wanted} GPU{'s' * (wanted > 1)} (cuda), of which there are {self.slots.gpus} here"
                )
                self._give_up(job, f"{reason}: run the study on a machine that has them", "")
        while not self.queue.empty:
            self._hand_out()
            assert any(worker.grant for worker in self.workers), "someone works as long as there is work"
            heard = first_heard([worker.child for worker in self.workers])
            for worker in [worker for worker in self.workers if worker.child in heard]:
                self._hear(worker)
        return self.reasons

    def end(self) -> None:
        """Leave no process behind."""
        for worker in self.workers:
            worker.child.end()

    def _hand_out(self) -> None:
        while jobs := self.queue.take(self.slots.fits):
            grant = self.slots.grant(jobs[0].needs)
            worker = self._worker(grant.gpus, jobs[0].group)
            worker.jobs, worker.grant, worker.group = jobs, grant, jobs[0].group
            self._begin_next(worker)

    def _worker(self, gpus: tuple[int, ...], group: str) -> _Worker:
        """One that is idle and sees these GPUs, rather one that has the group's data at hand; or else a new one."""
        idle = [worker for worker in self.workers if worker.grant is None]
        fitting = sorted((worker for worker in idle if worker.gpus == gpus), key=lambda worker: worker.group != group)
        if fitting:
            return fitting[0]
        if len(self.workers) >= self.slots.cpus:
            self._dismiss(idle[0])
        try:
            worker = _Worker(self.store, gpus)
        except OSError as error:
            raise HeadstartError(f"no worker process can be started ({error.strerror}): try fewer --workers") from error
        self.workers.append(worker)
        return worker

    def _begin_next(self, worker: _Worker) -> None:
        """Its next job, or if there is none, its slot is free."""
        assert worker.grant is not None
        if worker.jobs:
            job = worker.jobs[0]
            worker.child.send((job, worker.grant.cpus))
            self.listen(Event("started", job, 0, job.cost))
        else:
            self._free(worker)

    def _free(self, worker: _Worker) -> None:
        if worker.grant is not None:
            self.slots.give_back(worker.grant)
        worker.grant = None

    def _dismiss(self, worker: _Worker) -> None:
        """End its process; what it has not done goes back."""
        self.workers.remove(worker)
        worker.child.end()
        self._free(worker)
        self.queue.put_back(worker.jobs)

    def _hear(self, worker: _Worker) -> None:
        try:
            message = worker.child.receive()
        except EOFError:
            self._mourn(worker)
            return
        match message:
            case Ready():
                worker.begun, self._never_begun = True, 0
            case Step(done, total):
                job = worker.jobs[0]
                self.listen(Event("progress", job, job.cost * done // max(total, 1), job.cost))
            case Done():
                job = worker.jobs.pop(0)
                self.queue.finish(job)
                self.listen(Event("finished", job, job.cost, job.cost))
                self._begin_next(worker)
            case Failed(reason, detail, unforeseen):
                job = worker.jobs.pop(0)
                if unforeseen:
                    self._dismiss(worker)
                self._went_wrong(job, reason, detail)
                if worker in self.workers:
                    self._begin_next(worker)

    def _mourn(self, worker: _Worker) -> None:
        """A death is that of the job in hand, unless the process never came so far."""
        how = worker.child.how_it_ended()
        if worker.begun and worker.jobs:
            reason = f"its process died ({how}): if it was for want of memory, use fewer --workers or smaller batches"
            self._went_wrong(worker.jobs.pop(0), reason, "")
        self._never_begun += not worker.begun
        if self._never_begun >= ATTEMPTS:
            raise HeadstartError(f"worker processes end as soon as they are started ({how}): see what they said above")
        self._dismiss(worker)

    def _went_wrong(self, job: Job, reason: str, detail: str) -> None:
        self.store.check_writable()  # a full disk is not this job's fault
        if self.queue.retry(job):
            self.listen(Event("retried", job, 0, job.cost, reason, detail))
        else:
            self._give_up(job, reason, detail)

    def _give_up(self, job: Job, reason: str, detail: str) -> None:
        failed = self.queue.fail(job, reason)
        for worker in [worker for worker in self.workers if any(job.key in failed for job in worker.jobs)]:
            worker.jobs = [job for job in worker.jobs if job.key not in failed]
            self._dismiss(worker)
        for each, why in failed.values():
            self.reasons[each.key] = why
            self.listen(Event("failed", each, 0, each.cost, why, detail if each is job else ""))
