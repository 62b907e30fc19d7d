"""What settings of an arm are worth: its mean score on validation images, label draw after label draw."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from headstart.seeding import derive_seed
from headstart.space import Value
from headstart.study.config.study import StudyConfig
from headstart.study.jobs.base import Job, Needs
from headstart.study.jobs.dataset import DatasetJob
from headstart.study.jobs.pretrain import PretrainJob
from headstart.study.jobs.trial import TrialJob
from headstart.study.running.courses import Course
from headstart.study.running.plan import with_inputs
from headstart.study.running.resolve import Arm, arms_of
from headstart.study.running.steps import validation_score
from headstart.study.running.store import Store
from headstart.study.tuning.knobs import with_values
from headstart.tasks import TASKS

__all__ = ["Evaluation", "Rung", "Values", "read_score"]

Values = Mapping[str, Value]
"""Settings of an arm, by their paths below ``arms.NAME``."""
DoJob = Callable[[Job], None]
Score = Callable[[TrialJob], float]


class Rung(NamedTuple):
    """Where an evaluation stands after some label draws.

    score: mean on validation images over draws and budgets, more being better. image_steps: of fine-tuning so far;
    pretraining: image-steps of pretrainings that the study itself has no use for. reason: why there is no score, if so.
    """

    draws: int
    score: float
    image_steps: int
    pretraining: int
    reason: str = ""


@dataclass(frozen=True)
class Evaluation:
    """How settings of one arm are judged: ``task`` learned by ``protocol`` from ``budgets`` labels, ``draws`` times.

    config: settled. steps: by budget, of arms that leave them open. Labels, initial weights and batches are
    drawn anew, none of them as the study draws them, so that what it measures was no part of any choice.
    """

    config: StudyConfig
    arm: str
    task: str
    protocol: str
    budgets: tuple[int, ...]
    draws: int
    steps: Mapping[int, int]

    def runs(self, values: Values) -> list[list[TrialJob]]:
        """The jobs that judge ``values``, draw by draw. Raises ``ConfigError`` for values that do not fit together."""
        config = with_values(self.config, self.arm, values)
        arms = arms_of(config, DatasetJob(config.pretrain_source))
        arm = next(arm for arm in arms if arm.name == self.arm)
        drawn = config.model_copy(update={"seed": derive_seed(config.seed, "tuning")})
        course = Course(drawn, DatasetJob(config.dataset), self.task, self.protocol, (arm,), range(self.draws))
        return [
            [course.job(arm, labels, draw, self._steps(arm, labels)) for labels in self.budgets]
            for draw in range(self.draws)
        ]

    def cost(self, values: Values) -> int:
        """Image-steps of fine-tuning that judging ``values`` takes, if nothing stops it."""
        return sum(job.cost for jobs in self.runs(values) for job in jobs)

    def needs(self) -> Needs:
        """What the dearest of its jobs occupies."""
        needed = [job.needs for job in with_inputs(job for jobs in self.runs({}) for job in jobs)]
        return Needs(max(one.cpus for one in needed), max(one.gpus for one in needed))

    def climb(self, values: Values, do: DoJob, score: Score) -> Iterator[Rung]:
        """Where it stands after each draw, until all are done or one has no score.

        do: does a job whose inputs are done, unless it is done. score: of a job that is done.
        """
        own, spent, scores = {job.key for job in self._pretrainings({})}, 0, list[float]()
        pretraining = sum(job.cost for job in self._pretrainings(values) if job.key not in own)
        for number, jobs in enumerate(self.runs(values), start=1):
            for job in with_inputs(jobs):
                do(job)
            spent += sum(job.cost for job in jobs)
            scores += [score(job) for job in jobs]
            if not np.isfinite(scores).all():
                yield Rung(number, np.nan, spent, pretraining, "a run ended without a score on validation images")
                return
            yield Rung(number, float(np.mean(scores)), spent, pretraining)

    def _pretrainings(self, values: Values) -> list[PretrainJob]:
        jobs = with_inputs(job for jobs in self.runs(values) for job in jobs)
        return [job for job in jobs if isinstance(job, PretrainJob)]

    def _steps(self, arm: Arm, labels: int) -> int | None:
        return self.steps.get(labels) if arm.protocols[self.protocol].finds_steps else None


def read_score(store: Store, job: TrialJob) -> float:
    """The finished job's primary metric on validation images, more being better; records of test images are passed
    over."""
    task = TASKS.traits(job.task)
    records = job.outcome(store.folder(job))["records"]
    return validation_score(records, task.primary_metric, task.higher_is_better)
