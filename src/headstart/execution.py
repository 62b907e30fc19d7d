"""A planned study on its way: its missing jobs are run, and what they leave is kept in its folder."""

import json
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from typing import TextIO

from headstart.errors import HeadstartError
from headstart.study.config.suite import Suite
from headstart.study.jobs.base import Job
from headstart.study.jobs.trial import TrialJob
from headstart.study.results.run_folder import LOG, RunFolder
from headstart.study.running.estimate import seconds_left, side_by_side, wall_seconds
from headstart.study.running.launchers import Event, Launcher
from headstart.study.running.plan import Plan, make_plan
from headstart.study.running.steps import validation_score
from headstart.study.running.store import Store
from headstart.tasks import TASKS

__all__ = ["Expect", "Listener", "StudyRun", "plan_with"]

Listener = Callable[[Event], None]
Expect = Callable[[Sequence[Job]], None]


def plan_with(suite: Suite, store: Store, failed: Collection[str] = ()) -> Plan:
    """The plan of a settled suite, as far as what ``store`` holds tells how many steps are enough.

    failed: keys of jobs that gave no result and are not tried again.
    """

    def score(job: TrialJob) -> float | None:
        if store.state(job) == "done":
            task = TASKS.traits(job.task)
            records = job.outcome(store.folder(job))["records"]
            return validation_score(records, task.primary_metric, task.higher_is_better)
        return nan if job.key in failed else None

    return make_plan(suite, score)


class StudyRun:
    """A study that was checked and can be run: what there is to do, and how it will be done.

    plan: as far as it is known; where steps are to be found, it grows on the way. notes: sentences on what the user may
    not have meant.
    """

    def __init__(
        self, plan: Plan, store: Store, launcher: Launcher, run: RunFolder, notes: tuple[str, ...] = ()
    ) -> None:
        self.plan, self.store, self.launcher, self.run, self.notes = plan, store, launcher, run, notes
        self.states = store.states(plan.jobs)
        self._failed: dict[str, str] = {}

    @property
    def missing(self) -> list[Job]:
        """Jobs of the plan that were not done when it was made."""
        return [job for job in self.plan.jobs if self.states[job.key] != "done"]

    def describe(self) -> str:
        """How much there is to do, in a line."""
        steps = sum(job.cost for job in self.missing)
        cached = len(self.plan.jobs) - len(self.missing)
        known = f"{len(self.plan.jobs)} jobs, {cached} of them done already; {steps:,} image-steps to go"
        return f"{known}, and more once they tell how many steps are enough" if self.plan.open else known

    @property
    def log(self) -> Path:
        """Where every event is written down, a JSON object a line."""
        return self.run.folder / LOG

    def expected_seconds(self) -> float:
        """How long it takes here from now on, as far as it is planned."""
        if not self.missing:
            return 0.0
        seconds = seconds_left(self.plan, self.states)
        return wall_seconds(self.plan, seconds, side_by_side(self.plan, self.launcher))

    def execute(self, listen: Listener | None = None, expect: Expect | None = None) -> None:
        """Do what is missing. A job that fails is noted with its reason, and the others go on.

        listen: hears of every event. expect: is called with the jobs that come next, more than once where steps are to
        be found. Raises ``HeadstartError`` where that leaves nothing to tell: every number is missing.
        """
        with self.log.open("a") as log:

            def hear(event: Event) -> None:
                self._note(event, log)
                if listen:
                    listen(event)

            try:
                self._run_and_plan(hear, expect)
            finally:
                self.launcher.close()
        if self._failed and all(point.job.key in self._failed for point in self.plan.points):
            raise HeadstartError(next(iter(self._failed.values())))

    def _run_and_plan(self, hear: Listener, expect: Expect | None) -> None:
        """In turns, until nothing is left open."""
        while True:
            self._keep_finished()
            if expect:
                expect(self.missing)
            jobs = [job for job in self.plan.jobs if job.key not in self._failed]
            self._failed |= self.launcher.run(jobs, hear)
            if not self.plan.open:
                return
            self.plan = plan_with(self.plan.suite, self.store, self._failed)
            self.states = self.store.states(self.plan.jobs)
            self.run.begin(self.plan)

    def _keep_finished(self) -> None:
        """Take what earlier runs finished, in this study or in others."""
        kept = self.run.outcomes()
        for job in self.plan.jobs:
            known = kept.get(job.key)
            if self.states[job.key] == "done" and not (known and known.done):
                self.run.keep(job, self.store.folder(job), self.store.seconds(job))

    def _note(self, event: Event, log: TextIO) -> None:
        job = event.job
        if event.what == "finished":
            self.run.keep(job, self.store.folder(job), self.store.seconds(job))
        if event.what == "failed":
            self.run.note_failure(job.key, event.reason)
        if event.what != "progress":
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            row = {"time": now, "event": event.what, "job": job.key, "what": job.title}
            details = {name: value for name in ("reason", "detail") if (value := getattr(event, name, ""))}
            log.write(json.dumps(row | details) + "\n")
            log.flush()
