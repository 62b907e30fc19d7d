"""A planned study on its way: its missing jobs are run, and what they leave is kept in its folder."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TextIO

from headstart.errors import HeadstartError
from headstart.study.jobs.base import Job
from headstart.study.results.run_folder import LOG, RunFolder
from headstart.study.running.launchers import Event, Launcher
from headstart.study.running.plan import Plan
from headstart.study.running.store import State, Store

__all__ = ["Listener", "StudyRun"]

Listener = Callable[[Event], None]


@dataclass(frozen=True)
class StudyRun:
    """A study that was checked and can be run: what there is to do, and how it will be done.

    notes: sentences on what the user may not have meant.
    """

    plan: Plan
    store: Store
    launcher: Launcher
    run: RunFolder
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def states(self) -> dict[str, State]:
        """How far each job was when this was asked first, by key."""
        return self.store.states(self.plan.jobs)

    @property
    def missing(self) -> list[Job]:
        """Jobs that no earlier study has done."""
        return [job for job in self.plan.jobs if self.states[job.key] != "done"]

    def describe(self) -> str:
        """How much there is to do, in a line."""
        steps = sum(job.cost for job in self.missing)
        cached = len(self.plan.jobs) - len(self.missing)
        return f"{len(self.plan.jobs)} jobs, {cached} of them done already; {steps:,} image-steps to go"

    def execute(self, listen: Listener | None = None) -> None:
        """Do what is missing. A job that fails is noted with its reason, and the others go on.

        Raises ``HeadstartError`` where that leaves nothing to tell: every number is missing.
        """
        self._keep_finished()
        with (self.run.folder / LOG).open("a") as log:

            def hear(event: Event) -> None:
                self._note(event, log)
                if listen:
                    listen(event)

            failed = self.launcher.run(self.plan.jobs, hear)
        if failed and all(point.job.key in failed for point in self.plan.points):
            raise HeadstartError(next(iter(failed.values())))

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
