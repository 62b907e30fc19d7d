"""What finished runs scored on validation images, which every choice is made by."""

from collections.abc import Collection, Mapping
from math import nan
from typing import Any

from headstart.study.jobs.trial import TrialJob
from headstart.study.running.steps import Scores, validation_score
from headstart.study.running.store import Store
from headstart.tasks import TASKS

__all__ = ["NOTHING", "Known", "scores_in"]

Known = Mapping[str, Mapping[str, Any]]
"""What finished jobs came to, by key, as a run's folder keeps it."""
NOTHING: Known = {}


def scores_in(store: Store, failed: Collection[str] = (), known: Known = NOTHING) -> Scores:
    """Of the jobs that are ``known`` or that ``store`` holds. failed: keys of those that gave no result and are not
    tried again."""

    def score(job: TrialJob) -> float | None:
        found = known.get(job.key) or _found(store, job)
        if found is None:
            return nan if job.key in failed else None
        task = TASKS.traits(job.task)
        return validation_score(found["records"], task.primary_metric, task.higher_is_better)

    return score


def _found(store: Store, job: TrialJob) -> Mapping[str, Any] | None:
    finished = store.found(job, job.told_in)
    return job.outcome(finished.folder) if finished else None
