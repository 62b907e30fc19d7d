"""From a suite of studies to the jobs that answer it, and what each of them is to its tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from headstart.study.config.arms import BLIND
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import Suite
from headstart.study.jobs.base import Job
from headstart.study.jobs.blind import BlindJob
from headstart.study.jobs.dataset import DatasetJob
from headstart.study.jobs.points import PointJob
from headstart.study.jobs.pretrain import PretrainJob
from headstart.study.running.courses import Course
from headstart.study.running.labels import dataset_labels
from headstart.study.running.resolve import Arm, arms_of
from headstart.study.running.steps import Doubling, Scores, nothing_known

__all__ = ["NO_MORE", "Doubled", "Plan", "Point", "Pretraining", "Trials", "make_plan", "plan_study", "with_inputs"]

Trials = Mapping[tuple[int, str], int]
"""How many each study of a suite has of each task, where they are more than it begins with."""
NO_MORE: Trials = {}


@dataclass(frozen=True)
class Point:
    """One measured point of one study: the names it has in tables, and the job that measures it.

    Points of several studies or arms may be one job. variant: which study of the suite.
    """

    variant: int
    arm: str
    role: str
    protocol: str
    pretraining: PretrainJob | None
    method: str
    backbone: str
    job: PointJob


@dataclass(frozen=True)
class Pretraining:
    """One pretraining of an arm of one study. replicate: which of the arm's, from 0."""

    variant: int
    arm: str
    replicate: int
    job: PretrainJob


@dataclass(frozen=True)
class Doubled:
    """A run of one study, and the same run with twice the steps."""

    variant: int
    doubling: Doubling


@dataclass(frozen=True)
class Plan:
    """What a suite comes to, as far as it is known.

    arms: of each study. datasets: of each study, what its labels are of. doublings: what shows whether arms are trained
    out. trials: that were added to those that studies begin with. open: whether runs have to be finished before more
    can be planned, because they tell how many steps are enough.
    """

    suite: Suite
    arms: tuple[tuple[Arm, ...], ...]
    datasets: tuple[DatasetJob, ...]
    pretrainings: tuple[Pretraining, ...]
    points: tuple[Point, ...]
    doublings: tuple[Doubled, ...]
    trials: Trials
    open: bool

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs, each after its inputs, none twice."""
        pretrainings = [pretraining.job for pretraining in self.pretrainings]
        doublings = [job for one in self.doublings for job in (one.doubling.job, one.doubling.doubled)]
        return tuple(with_inputs([*pretrainings, *doublings, *(point.job for point in self.points)]))

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """What tables call each dataset, by the key of its job: different datasets never share a name."""
        return dataset_labels(job for job in self.jobs if isinstance(job, DatasetJob))


def make_plan(suite: Suite, scores: Scores = nothing_known, trials: Trials = NO_MORE) -> Plan:
    """The plan of a settled suite: jobs that studies have in common are planned once.

    scores: of runs that are finished, for those that find out how many steps are enough. trials: that were added.
    """
    return plan_study(suite, [_arms(variant.config) for variant in suite.variants], scores, trials)


def plan_study(
    suite: Suite, arms: Sequence[Sequence[Arm]], scores: Scores = nothing_known, trials: Trials = NO_MORE
) -> Plan:
    """The plan of a settled suite whose studies compare ``arms``, which may start in ways that no file can say."""
    datasets = tuple(DatasetJob(variant.config.dataset) for variant in suite.variants)
    studies = [
        _Study(index, variant.config, dataset, tuple(study_arms), trials)
        for index, (variant, dataset, study_arms) in enumerate(zip(suite.variants, datasets, arms, strict=True))
    ]
    learned = [_learned(study, scores) for study in studies]
    return Plan(
        suite,
        tuple(study.arms for study in studies),
        datasets,
        tuple(pretraining for study in studies for pretraining in _pretrainings(study)),
        tuple(point for points, _, _ in learned for point in points),
        tuple(one for _, doublings, _ in learned for one in doublings),
        trials,
        any(unknown for _, _, unknown in learned),
    )


@dataclass(frozen=True)
class _Study:
    """One study of a suite: which, what it says, what it learns from, whom it compares, and trials that were added."""

    index: int
    config: StudyConfig
    dataset: DatasetJob
    arms: tuple[Arm, ...]
    added: Trials

    def trials(self, task: str) -> range:
        return range(self.added.get((self.index, task), self.config.first_trials))


def _arms(config: StudyConfig) -> tuple[Arm, ...]:
    return arms_of(config, DatasetJob(config.pretrain_source))


def _pretrainings(study: _Study) -> Iterator[Pretraining]:
    for arm in study.arms:
        for replicate, start in enumerate(arm.starts):
            if (job := start.pretrain_source) is not None:
                yield Pretraining(study.index, arm.name, replicate, job)


def _learned(study: _Study, scores: Scores) -> tuple[list[Point], list[Doubled], bool]:
    """The points of a study whose steps are known, its doublings, and whether steps of others are still to be found."""
    points, doublings, unknown = list(_guesses(study)), list[Doubled](), False
    for task, protocol in product(study.config.tasks, study.config.protocols):
        arms = tuple(arm for arm in study.arms if protocol in arm.protocols)
        course = Course(study.config, study.dataset, task, protocol, arms, study.trials(task))
        found = course.find_steps(scores)
        doublings += [Doubled(study.index, one) for one in found.doublings]
        unknown |= found.steps is None
        if found.steps is not None:
            points += _points(study, course, found.steps)
    return points, doublings, unknown


def _guesses(study: _Study) -> Iterator[Point]:
    """The blind control."""
    config = study.config
    if BLIND in config.controls:
        for task, labels in product(config.tasks, config.measured_budgets):
            for trial in study.trials(task):
                guess = BlindJob(study.dataset, task, labels, trial, config.seed, by_group=config.labels_by == "group")
                yield Point(study.index, BLIND, "control", "constant", None, BLIND, config.backbone.label, guess)


def _points(study: _Study, course: Course, steps: Mapping[int, int]) -> Iterator[Point]:
    """One pretraining serves all tasks, protocols and budgets."""
    for labels, trial, arm in course.runs:
        start = arm.start(trial)
        source = start.pretrain_source
        method = arm.name if arm.role == "control" else start.title
        taken = steps.get(labels) if arm.protocols[course.protocol].finds_steps else None
        job = course.job(arm, labels, trial, taken)
        yield Point(study.index, arm.name, arm.role, course.protocol, source, method, start.network, job)


def with_inputs(jobs: Iterable[Job]) -> list[Job]:
    """The jobs and all they need, inputs first, equal keys once."""
    ordered: dict[str, Job] = {}

    def visit(job: Job) -> None:
        if job.key not in ordered:
            for needed in job.inputs:
                visit(needed)
            ordered[job.key] = job

    for job in jobs:
        visit(job)
    return list(ordered.values())
