"""What a study's baseline tells of the trials that it takes to see a gain: from runs in the store, or a pilot's."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headstart.errors import HeadstartError
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import Suite, as_suite
from headstart.study.jobs.base import Job
from headstart.study.jobs.trial import TrialJob
from headstart.study.running.estimate import seconds_left
from headstart.study.running.launchers import Event, Launcher
from headstart.study.running.plan import make_plan
from headstart.study.running.scores import scores_in
from headstart.study.running.store import Store
from headstart.tasks import TASKS
from headstart.utility import detect_gain

__all__ = ["PILOT_TRIALS", "Pilot", "detections", "enough", "pilot_suite", "run_pilot"]

PILOT_TRIALS = 3
LOOKED_FOR = 12
"""Trials that are looked for in the store, where a study has fewer."""
Listen = Callable[[Event], None]
Expect = Callable[[Sequence[Job], Mapping[str, float]], None]
Pilot = Callable[[Suite, Store, Launcher], None]
"""Runs a pilot's jobs."""


class _Runs(NamedTuple):
    """The baseline's on one task. labels: budgets ``[K]`` that have any. scores: on validation images, ``[K, R]``."""

    labels: NDArray[np.float64]
    scores: NDArray[np.float64]

    @property
    def enough(self) -> bool:
        """Whether there is a slope, and a noise."""
        counts = np.isfinite(self.scores).sum(axis=1)
        return len(self.labels) > 1 and bool((counts > 1).any())


def enough(suite: Suite, store: Store) -> bool:
    """Whether ``store`` has runs of the baseline of a settled study at two budgets, and several at one."""
    return all(_runs(suite.first, task, store).enough for task in suite.first.tasks)


def pilot_suite(suite: Suite) -> Suite:
    """A few trials of the baseline at the smallest budget and the largest: jobs that the study itself has, too."""
    config = suite.first
    ends = {"budgets": (config.budgets[0], config.budgets[-1])}
    return as_suite(_of_baseline(config, PILOT_TRIALS).model_copy(update=ends))


def run_pilot(
    suite: Suite, store: Store, launcher: Launcher, listen: Listen | None = None, expect: Expect | None = None
) -> None:
    """Run the jobs of a pilot; where steps are to be found, in turns.

    listen: hears of every event. expect: is called with the jobs that come next and what they take. Raises
    ``HeadstartError`` where one fails.
    """
    while True:
        plan = make_plan(suite, scores_in(store))
        if expect:
            left = launcher.left(plan.jobs)
            expect(left, seconds_left(plan, store.states(plan.jobs)))
        failed = launcher.run(plan.jobs, listen or (lambda _: None))
        if failed:
            raise HeadstartError(f"a pilot of scratch failed: {next(iter(failed.values()))}")
        if not plan.open:
            return


def detections(suite: Suite, store: Store, share: float) -> pd.DataFrame:
    """A row per task and budget of a settled study: task, labels, runs, score, deviation, gain, trials; see
    ``utility/power.py``. Where a budget has no runs, all is as between those that have."""
    config = suite.first
    tables = []
    for task in config.tasks:
        labels, scores = _runs(config, task, store)
        at = np.array(config.budgets, dtype=np.float64)
        found = detect_gain(labels, scores, share, at, confidence=config.utility.confidence)
        counts = dict(zip(labels.tolist(), np.isfinite(scores).sum(axis=1).tolist(), strict=True))
        sign = 1 if TASKS.traits(task).higher_is_better else -1
        tables.append(
            pd.DataFrame(
                {
                    "task": task,
                    "labels": config.budgets,
                    "runs": [counts.get(budget, 0) for budget in at.tolist()],
                    "score": sign * found.score,
                    "deviation": found.deviation,
                    "gain": found.gain,
                    "trials": found.trials,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _of_baseline(config: StudyConfig, trials: int) -> StudyConfig:
    """What a settled study does of its baseline, fine-tuned."""
    arms = {config.baseline: config.arms[config.baseline]}
    protocols = {"finetune": config.protocols["finetune"]}
    return config.model_copy(update={"arms": arms, "protocols": protocols, "controls": (), "trials": trials})


def _runs(config: StudyConfig, task: str, store: Store) -> _Runs:
    """What ``store`` holds, of more trials than the study has."""
    score = scores_in(store)
    wanted = _of_baseline(config, max(LOOKED_FOR, config.first_trials))
    found: dict[int, dict[int, float]] = {}
    for point in make_plan(as_suite(wanted), score).points:
        job = point.job
        known = score(job) if isinstance(job, TrialJob) and job.task == task else None
        if known is not None:
            found.setdefault(job.labels, {})[job.trial] = known
    trials = range(max((trial for own in found.values() for trial in own), default=-1) + 1)
    labels = sorted(found)
    scores = [[found[budget].get(trial, np.nan) for trial in trials] for budget in labels]
    return _Runs(
        np.array(labels, dtype=np.float64), np.array(scores, dtype=np.float64).reshape(len(labels), len(trials))
    )
