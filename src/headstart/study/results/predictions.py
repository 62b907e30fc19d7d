"""From finished jobs to the maps that their networks predicted, arm beside arm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from headstart.study.config.arms import BLIND
from headstart.study.jobs.answers import ANSWERS, read_answers
from headstart.study.jobs.points import PointJob
from headstart.study.running.plan import Plan
from headstart.study.running.store import Store
from headstart.tasks import TASKS

__all__ = ["ArmMaps", "Predictions", "collect_predictions"]

PROTOCOL = "finetune"


class ArmMaps(NamedTuple):
    """What one arm predicted: maps of test images ``rows``. job: whose score belongs to them. role: as in tables."""

    arm: str
    role: str
    job: str
    rows: Tensor
    maps: Tensor


@dataclass(frozen=True)
class Predictions:
    """One task, learned by one protocol from ``labels`` labels in one trial, as every arm answers it.

    rows: int64 ``[n]``, which images of the test split. absent: arms without maps of these images: their run failed,
    or was measured by a version that kept none or others.
    """

    task: str
    protocol: str
    labels: int
    trial: int
    rows: Tensor
    arms: tuple[ArmMaps, ...]
    absent: tuple[str, ...]


def collect_predictions(plan: Plan, store: Store) -> tuple[Predictions, ...]:
    """Of every task that asks for maps: the blind guess, and all arms fine-tuned with the largest budget.

    One trial serves them all: the first of those that most arms have maps of. A task without any is left out.
    """
    tasks = [task for task in plan.config.tasks if TASKS[task].per_location]
    found = (_of_task(list(_jobs(plan, task)), store) for task in tasks)
    return tuple(one for one in found if one)


def _jobs(plan: Plan, task: str) -> Iterator[PointJob]:
    for job in plan.points:
        stands = job.place["protocol"] == PROTOCOL or job.place["method"] == BLIND
        if job.task == task and job.labels == plan.config.budgets[-1] and stands:
            yield job


def _of_task(jobs: Sequence[PointJob], store: Store) -> Predictions | None:
    kept = [job for job in jobs if store.state(job) == "done" and (store.folder(job) / ANSWERS).exists()]
    if not kept:
        return None
    trial = max(sorted({job.trial for job in kept}), key=[job.trial for job in kept].count)
    arms = [
        ArmMaps(job.place["method"], job.key, *read_answers(store.folder(job))) for job in kept if job.trial == trial
    ]
    arms = [arm for arm in arms if arm.rows.equal(arms[0].rows)]
    present = {arm.method for arm in arms}
    absent = [job.place["method"] for job in jobs if job.trial == trial and job.place["method"] not in present]
    return Predictions(jobs[0].task, PROTOCOL, jobs[0].labels, trial, arms[0].rows, tuple(arms), tuple(absent))
