"""From a suite of studies to the jobs that answer it, and what each of them is to its tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from headstart.study.config.arms import BLIND
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import Suite, Variant
from headstart.study.jobs.base import Job
from headstart.study.jobs.blind import BlindJob
from headstart.study.jobs.dataset import DatasetJob
from headstart.study.jobs.points import PointJob
from headstart.study.jobs.pretrain import PretrainJob
from headstart.study.jobs.trial import TrialJob
from headstart.study.running.labels import dataset_labels
from headstart.study.running.resolve import Arm, arms_of

__all__ = ["Plan", "Point", "Pretraining", "make_plan", "plan_study"]


@dataclass(frozen=True)
class Point:
    """One measured point of one study: the names it has in tables, and the job that measures it.

    Points of several studies or arms may be one job. variant: which study of the suite.
    """

    variant: int
    arm: str
    role: str
    protocol: str
    pretrain_dataset: DatasetJob | None
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
class Plan:
    """What a suite comes to. arms: of each study. datasets: of each study, what its labels are of."""

    suite: Suite
    arms: tuple[tuple[Arm, ...], ...]
    datasets: tuple[DatasetJob, ...]
    pretrainings: tuple[Pretraining, ...]
    points: tuple[Point, ...]

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs, each after its inputs, none twice."""
        measured = [point.job for point in self.points]
        return tuple(_with_inputs([*(pretraining.job for pretraining in self.pretrainings), *measured]))

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """What tables call each dataset, by the key of its job: different datasets never share a name."""
        return dataset_labels(job for job in self.jobs if isinstance(job, DatasetJob))


def make_plan(suite: Suite) -> Plan:
    """The plan of a settled suite: jobs that studies have in common are planned once."""
    return plan_study(suite, [_arms(variant.config) for variant in suite.variants])


def plan_study(suite: Suite, arms: Sequence[Sequence[Arm]]) -> Plan:
    """The plan of a settled suite whose studies compare ``arms``, which may start in ways that no file can say."""
    datasets = tuple(DatasetJob(variant.config.dataset) for variant in suite.variants)
    studies = list(enumerate(zip(suite.variants, datasets, arms, strict=True)))
    return Plan(
        suite,
        tuple(tuple(study_arms) for study_arms in arms),
        datasets,
        tuple(pretraining for index, (_, _, study_arms) in studies for pretraining in _pretrainings(index, study_arms)),
        tuple(
            point
            for index, (variant, data, study_arms) in studies
            for point in _points(index, variant, data, study_arms)
        ),
    )


def _arms(config: StudyConfig) -> tuple[Arm, ...]:
    return arms_of(config, DatasetJob(config.pretrain_source))


def _pretrainings(index: int, arms: Iterable[Arm]) -> Iterator[Pretraining]:
    for arm in arms:
        for replicate, start in enumerate(arm.starts):
            if (job := start.pretrain_source) is not None:
                yield Pretraining(index, arm.name, replicate, job)


def _points(index: int, variant: Variant, dataset: DatasetJob, arms: Sequence[Arm]) -> Iterator[Point]:
    """One pretraining serves all tasks, protocols and budgets."""
    config = variant.config
    for task, labels, trial in product(config.tasks, config.budgets, range(config.trials)):
        if BLIND in config.controls:
            guess = BlindJob(dataset, task, labels, trial, config.seed)
            yield Point(index, BLIND, "control", "constant", None, BLIND, config.backbone.label, guess)
        for arm in arms:
            start = arm.start(trial)
            source = start.pretrain_source
            method = arm.name if arm.role == "control" else start.title
            for protocol, settings in arm.protocols.items():
                job = TrialJob(
                    dataset,
                    task,
                    labels,
                    trial,
                    config.seed,
                    start=start,
                    protocol=protocol,
                    train=settings.for_labels(labels),
                    augment=config.augment,
                    device=config.settled_device,
                )
                seen = source.dataset if source else None
                yield Point(index, arm.name, arm.role, protocol, seen, method, start.network, job)


def _with_inputs(jobs: Iterable[Job]) -> list[Job]:
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
