"""The crew: who does what, what becomes of a job that fails, and of a worker or a machine that is lost."""

from collections.abc import Sequence
from typing import Generic

from headstart.errors import HeadstartError
from headstart.study.jobs.base import Job
from headstart.study.running.launchers.base import Event, Listener
from headstart.study.running.launchers.place import AnyWorker, LostError, Place
from headstart.study.running.launchers.queue import Queue
from headstart.study.running.launchers.slots import Grant
from headstart.study.running.launchers.worker import Done, Failed, Ready, Refused, Step
from headstart.study.running.store import Store

__all__ = ["Crew"]

ATTEMPTS = 3
"""Processes that may end before they have begun, until it is held against the machine."""


class Crew(Generic[AnyWorker]):
    """The workers of one run of a launcher."""

    def __init__(self, store: Store, queue: Queue, place: Place[AnyWorker], listen: Listener) -> None:
        self.store, self.queue, self.place, self.listen = store, queue, place, listen
        self.workers: list[AnyWorker] = []
        self.reasons: dict[str, str] = {}
        self._never_begun = 0

    def run(self) -> dict[str, str]:
        """Until every job is done or failed: the reasons of those that failed."""
        self._refuse_impossible()
        while not self.queue.empty:
            self._hand_out()
            assert any(worker.grant for worker in self.workers), "someone works as long as there is work"
            for worker in self.place.heard(self.workers):
                if worker in self.workers:  # and was not dismissed for what another told
                    self._hear(worker)
        return self.reasons

    def end(self) -> None:
        """Leave no process behind."""
        for worker in self.workers:
            worker.end()

    def _refuse_impossible(self) -> None:
        for job in self.queue.remaining():
            if job.key not in self.reasons and not self.place.sites.possible(job.needs):
                wanted, there = max(1, int(job.needs.gpus)), self.place.sites.gpus
                reason = f"planned for {wanted} GPU{'s' * (wanted > 1)} (cuda), of which there are {there} here"
                self._give_up(job, f"{reason}: run the study on a machine that has them", "")

    def _hand_out(self) -> None:
        while jobs := self.queue.take(self.place.sites.fits):
            grant = self.place.sites.grant(self.queue.needs(jobs[0]))
            worker = self._worker(grant, jobs[0].group)
            worker.jobs, worker.grant, worker.group, worker.begun = jobs, grant, jobs[0].group, False
            worker.begin(jobs, grant.cpus)
            self._next(worker)

    def _worker(self, grant: Grant, group: str) -> AnyWorker:
        """One that is idle and has the right seat, rather one that has the group's data at hand; or else a new one."""
        seat = self.place.seat(grant)
        idle = [worker for worker in self.workers if worker.grant is None and worker.seat.site == seat.site]
        fitting = sorted((worker for worker in idle if worker.seat == seat), key=lambda worker: worker.group != group)
        if fitting:
            return fitting[0]
        while idle and not self.place.sites.hold(seat.site, [seat, *self._seats(seat.site)]):
            self._dismiss(idle.pop(0))
        worker = self.place.hire(seat)
        self.workers.append(worker)
        return worker

    def _seats(self, site: str) -> Sequence[Grant]:
        return [worker.seat for worker in self.workers if worker.seat.site == site]

    def _next(self, worker: AnyWorker) -> None:
        """It turns to its next job, or if there is none, its slot is free."""
        if worker.jobs:
            self.listen(Event("started", worker.jobs[0], 0, worker.jobs[0].cost))
        else:
            self._free(worker)

    def _free(self, worker: AnyWorker) -> None:
        if worker.grant is not None:
            self.place.sites.give_back(worker.grant)
        worker.grant = None

    def _dismiss(self, worker: AnyWorker) -> None:
        """End its process; what it has not done goes back."""
        self.workers.remove(worker)
        worker.end()
        self._free(worker)
        self.queue.put_back(worker.jobs)

    def _hear(self, worker: AnyWorker) -> None:
        try:
            message = worker.receive()
        except LostError as lost:
            self._mourn(worker, lost)
            return
        match message:
            case Ready():
                worker.begun, self._never_begun = True, 0
            case Refused(reason):
                raise HeadstartError(reason)
            case Step(done, total):
                job = worker.jobs[0]
                self.listen(Event("progress", job, job.cost * done // max(total, 1), job.cost))
            case Done(share):
                self.queue.learn(worker.jobs[0], share)
                self._finish(worker.jobs.pop(0))
                self._next(worker)
            case Failed():
                self._failed(worker, message)

    def _finish(self, job: Job) -> None:
        self.queue.finish(job)
        self.listen(Event("finished", job, job.cost, job.cost))

    def _failed(self, worker: AnyWorker, message: Failed) -> None:
        job = worker.jobs.pop(0)
        self.queue.learn(job, message.share)
        if message.unforeseen:
            self._dismiss(worker)
        self._went_wrong(job, message.reason, message.detail)
        if worker in self.workers:
            self._next(worker)

    def _mourn(self, worker: AnyWorker, lost: LostError) -> None:
        """A death is that of the job in hand, unless the process never came so far, or went with its machine."""
        if lost.machine:
            self._leave(worker.seat.site, lost.how)
            return
        self._take_done(worker)
        self._never_begun += bool(worker.jobs) and not worker.begun
        if self._never_begun >= ATTEMPTS:
            raise HeadstartError(
                f"worker processes end as soon as they are started ({lost.how}): see what they said above"
            )
        job = worker.jobs.pop(0) if worker.jobs and worker.begun else None
        self._dismiss(worker)
        if job is not None:
            advice = "if it was for want of memory, use fewer --workers or smaller batches"
            self._went_wrong(job, f"its process died ({lost.how}): {advice}", "")

    def _take_done(self, worker: AnyWorker) -> None:
        """Jobs that it finished, of which the word was lost with it."""
        states = self.store.states(worker.jobs)
        while worker.jobs and states[worker.jobs[0].key] == "done":
            self._finish(worker.jobs.pop(0))

    def _leave(self, site: str, how: str) -> None:
        """Go on without a machine that is lost, which is not the fault of what ran there."""
        for worker in [worker for worker in self.workers if worker.seat.site == site]:
            self._take_done(worker)
            for job in worker.jobs[:1]:
                self.listen(Event("retried", job, 0, job.cost, how))
            self._dismiss(worker)
        self.place.sites.close(site)
        if not len(self.place.sites):
            raise HeadstartError(f"{how}, and no other is left: run the same command again, and it goes on from here")
        self._refuse_impossible()

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
