"""What would fit into the time that a study is meant to take, where a machine needs more."""

from collections.abc import Mapping
from typing import NamedTuple

from headstart.study.jobs.base import Job
from headstart.study.jobs.points import PointJob
from headstart.study.running.estimate import wall_seconds
from headstart.study.running.plan import Plan

__all__ = ["FEWEST_TRIALS", "Overrun", "overrun"]

FEWEST_TRIALS = 2
"""One has no interval."""


class Overrun(NamedTuple):
    """A study that takes longer than it is meant to.

    meant, needed: seconds. trials: the most with which what is left would fit, or if none would, the fewest that make
    sense; ``None`` where there are no fewer. with_trials: the seconds that it takes with so many.
    """

    meant: float
    needed: float
    trials: int | None
    with_trials: float


def overrun(plan: Plan, seconds: Mapping[str, float], together: int) -> Overrun | None:
    """Whether what is left takes longer than the study's ``minutes``, and how many trials would fit.

    seconds: of a core for each job that is left, by key. together: how many jobs run at once. Only work that is still
    to be done is counted: a study that is half done may fit.
    """
    study = plan.suite.first
    meant, needed = 60 * (study.minutes or 0.0), wall_seconds(plan, seconds, together)
    if not meant or needed <= meant:
        return None
    trials, taken = None, needed
    for trials in range(study.first_trials - 1, FEWEST_TRIALS - 1, -1):
        taken = wall_seconds(plan, _of_trials(plan, seconds, trials), together)
        if taken <= meant:
            break
    return Overrun(meant, needed, trials, taken)


def _of_trials(plan: Plan, seconds: Mapping[str, float], trials: int) -> dict[str, float]:
    """Of the jobs that are left with so many trials."""
    return {job.key: seconds[job.key] for job in plan.jobs if job.key in seconds and _trial(job) < trials}


def _trial(job: Job) -> int:
    """0 for what all trials share."""
    return job.trial if isinstance(job, PointJob) else 0
