"""A planned study on its way: its missing jobs are run, and what they leave is kept in its folder."""

import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TextIO

from headstart.errors import HeadstartError, StoreError
from headstart.files import write_atomic
from headstart.schema import flat
from headstart.study.config.suite import Suite
from headstart.study.jobs.base import Job
from headstart.study.results.run_folder import ENVIRONMENT, LOG, RunFolder
from headstart.study.running.environment import describe_environment
from headstart.study.running.estimate import seconds_left, side_by_side, wall_seconds
from headstart.study.running.launchers import Event, Launcher
from headstart.study.running.left import states_of
from headstart.study.running.overrun import Overrun, overrun
from headstart.study.running.plan import NO_MORE, Plan, Trials, make_plan
from headstart.study.running.scores import NOTHING, Known, scores_in
from headstart.study.running.store import State, Store
from headstart.tracking import Following, follow

__all__ = ["Expect", "Listener", "StudyRun", "keep_environment", "plan_with"]

Listener = Callable[[Event], None]
Expect = Callable[[Sequence[Job], Mapping[str, float]], None]
"""Called with jobs that come next, and seconds of a core that each of them takes, by key."""


def plan_with(
    suite: Suite,
    store: Store,
    failed: Collection[str] = (),
    trials: Trials = NO_MORE,
    known: Known = NOTHING,
) -> Plan:
    """The plan of a settled suite, as far as what is ``known`` or in ``store`` tells how many steps are enough.

    failed: keys of jobs that gave no result and are not tried again. trials: that were added.
    """
    return make_plan(suite, scores_in(store, failed, known), trials)


def keep_environment(run: RunFolder, store: Store, *, works: bool) -> None:
    """Write what a run is done on, and the store that has its jobs.

    works: whether jobs are done here. Who only draws what others measured does not take their machine's place.
    """
    path = run.folder / ENVIRONMENT
    known = not works and path.exists()
    environment = json.loads(path.read_text(encoding="utf-8")) if known else describe_environment()
    write_atomic(path, json.dumps(environment | {"store": store.address}, indent=1).encode())


class StudyRun:
    """A study that was checked and can be run: what there is to do, and how it will be done.

    plan: as far as it is known; where steps are to be found, it grows on the way. notes: sentences on what the user may
    not have meant. following: who is told what is measured; by default the file that is always written. refill: whether
    what the store lacks is done again though the run's folder has its numbers, for the weights and features it left.
    """

    def __init__(
        self,
        plan: Plan,
        store: Store,
        launcher: Launcher,
        run: RunFolder,
        notes: tuple[str, ...] = (),
        following: Following | None = None,
        refill: bool = False,
    ) -> None:
        self.store, self.launcher, self.run, self.notes = store, launcher, run, notes
        self._following = following or follow(run, plan.suite.name, (), flat(plan.suite.written))
        self.refill = refill
        self._look_at(plan)
        self._failed: dict[str, str] = {}
        self._started = time.monotonic()

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
    def guesses(self) -> tuple[str, ...]:
        """What nobody said of the images, each with its reason."""
        return self.plan.suite.guesses

    @property
    def log(self) -> Path:
        """Where every event is written down, a JSON object a line."""
        return self.run.folder / LOG

    @property
    def _known(self) -> Known:
        """What needs not be done again, whatever became of the store."""
        return NOTHING if self.refill else self.run.known()

    def _states(self, plan: Plan) -> dict[str, State]:
        return states_of(plan, self.store, self._known)

    def _look_at(self, plan: Plan) -> None:
        """This is the plan from now on: what of it is done, and with that what is left."""
        self.plan, self.states = plan, self._states(plan)
        self.__dict__.pop("_seconds_left", None)

    def expected_seconds(self) -> float:
        """How long it takes here from now on, as far as it is planned."""
        return wall_seconds(self.plan, self._seconds_left, self._together)

    def overrun(self) -> Overrun | None:
        """How far that is beyond what the study is meant to take, if it is, and what would fit."""
        return overrun(self.plan, self._seconds_left, self._together)

    @cached_property
    def _seconds_left(self) -> dict[str, float]:
        return seconds_left(self.plan, self.states)

    @property
    def _together(self) -> int:
        """Jobs at once. A launcher that has nothing to do is not asked, for it might begin for that alone."""
        return side_by_side(self.plan, self.launcher) if self.missing else 1

    def execute(self, listen: Listener | None = None, expect: Expect | None = None) -> None:
        """Do what is missing. A job that fails is noted with its reason, and the others go on.

        listen: hears of every event. expect: is called with the jobs that come next and what they take, more than
        once where steps are to be found. Raises ``HeadstartError`` where that leaves nothing to tell: every number is
        missing; and where another process runs a study into the same folder.
        """
        with self.run.held(), self.log.open("a", encoding="utf-8", errors="backslashreplace") as log:

            def hear(event: Event) -> None:
                self._note(event, log)
                if listen:
                    listen(event)

            if self.missing:
                keep_environment(self.run, self.store, works=True)
            try:
                self._run_and_plan(hear, expect)
                self._keep_pictures()
            finally:
                self._following.close()
                self.launcher.close()
        if self._failed and all(point.job.key in self._failed for point in self.plan.points):
            raise HeadstartError(next(iter(self._failed.values())))

    def adopt(self, others: Iterable[RunFolder]) -> None:
        """Take what other runs keep of jobs that are of this one too, so that these need not be done again."""
        keys = {job.key for job in self.plan.jobs}
        with self.run.held():
            for other in others:
                if other.folder != self.run.folder:
                    self.run.adopt(other, keys)
        self._look_at(self.plan)

    def collect(self) -> None:
        """Take what is finished already, by this study or by others, and run nothing."""
        with self.run.held():
            try:
                self._keep_finished()
            finally:
                self._following.close()
                self.launcher.close()

    def _run_and_plan(self, hear: Listener, expect: Expect | None) -> None:
        """In turns, until nothing is left open."""
        while True:
            self._keep_finished()
            if expect:
                expect(self.missing, self._seconds_left)
            jobs = [job for job in self.missing if job.key not in self._failed]
            self._failed |= self.launcher.run(jobs, hear)
            grown = self._grown()
            if grown is None:
                return
            self._look_at(grown)
            self.run.begin(self.plan)

    def _keep_pictures(self) -> None:
        """Take what people look at, which only all runs together tell."""
        from headstart.study.results.contrasts import keep_images
        from headstart.study.results.maps import keep_maps

        keep_images(self.run, self.store, self.plan.datasets)
        keep_maps(self.run, self.store, self.plan)

    def _grown(self) -> Plan | None:
        """What to do now that the plan is done: more of it, where steps were to be found, or more trials."""
        suite, trials = self.plan.suite, self.plan.trials
        if not self.plan.open:
            trials = self._more_trials()
            if not trials:
                return None
        grown = plan_with(suite, self.store, self._failed, trials, self._known)
        return grown if self.plan.open or self._in_time(grown) else None

    def _more_trials(self) -> Trials:
        """Those of the next look, where a decision hangs."""
        info = self.run.info
        if info.adaptive is None:
            return NO_MORE
        from headstart.outputs import Tables  # what draws is loaded by who needs it
        from headstart.report.adaptive import more_trials

        return more_trials(Tables(self.run).utility, self.run.points, info.varied, info.adaptive)

    def _in_time(self, plan: Plan) -> bool:
        """Whether a plan can be done within the study's minutes, if it has any, of which some are over."""
        minutes = plan.suite.first.minutes
        if minutes is None:
            return True
        seconds = wall_seconds(plan, seconds_left(plan, self._states(plan)), self._together)
        return time.monotonic() - self._started + seconds <= 60 * minutes

    def _keep_finished(self) -> None:
        """Take what earlier runs finished, in this study or in others. What is damaged is to be done again."""
        known = self.run.known()
        new = [job for job in self.plan.jobs if self.states[job.key] == "done" and job.key not in known]
        self.store.prefetch(new, _told)
        for job in new:
            if not self._keep(job):
                self.states[job.key] = "absent"
        for job in self.plan.jobs:
            if job.key in known:
                self._following.tell(job.key, known[job.key])

    def _keep(self, job: Job) -> bool:
        """Take what a finished job left, if it is still there and whole."""
        finished = self.store.found(job, _told(job))
        if finished:
            self._following.tell(job.key, self.run.keep(job, finished.folder, finished.seconds))
        return finished is not None

    def _note(self, event: Event, log: TextIO) -> None:
        job = event.job
        if event.what == "finished" and not self._keep(job):
            raise StoreError(
                f"what {job.title} just left in {self.store.address} is damaged: check that disk, and run the same "
                "command again"
            )
        if event.what == "failed":
            self.run.note_failure(job.key, event.reason)
        if event.what != "progress":
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            row = {"time": now, "event": event.what, "job": job.key, "what": job.title}
            details = {name: value for name in ("reason", "detail") if (value := getattr(event, name, ""))}
            log.write(json.dumps(row | details) + "\n")
            log.flush()


def _told(job: Job) -> tuple[str, ...]:
    """Files of a finished job that a run's folder takes or reads."""
    return (*job.told_in, *job.keepsakes)
