"""What finished runs scored on validation images, which every choice is made by."""

from collections.abc import Collection
from math import nan

from headstart.study.jobs.trial import TrialJob
from headstart.study.running.steps import Scores, validation_score
from headstart.study.running.store import Store
from headstart.tasks import TASKS

__all__ = ["scores_in"]


def scores_in(store: Store, failed: Collection[str] = ()) -> Scores:
    """Of the jobs that ``store`` holds. failed: keys of those that gave no result and are not tried again."""

    def score(job: TrialJob) -> float | None:
        if found := store.found(job, job.told_in):
            task = TASKS.traits(job.task)
            records = job.outcome(found.folder)["records"]
            return validation_score(records, task.primary_metric, task.higher_is_better)
        return nan if job.key in failed else None

    return score
