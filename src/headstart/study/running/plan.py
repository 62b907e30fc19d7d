"""From a configuration to the jobs that answer it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from headstart.data.transforms.color import resolve_color
from headstart.data.transforms.input import ImageInput
from headstart.study.config.arms import BLIND, RANDOM, SCRATCH
from headstart.study.config.study import StudyConfig
from headstart.study.jobs.base import Job
from headstart.study.jobs.blind import BlindJob
from headstart.study.jobs.dataset import DatasetJob
from headstart.study.jobs.points import PointJob
from headstart.study.jobs.pretrain import PretrainJob
from headstart.study.jobs.targets import CheckJob
from headstart.study.jobs.trial import TrialJob
from headstart.training import PROTOCOLS

__all__ = ["Plan", "make_plan"]


@dataclass(frozen=True)
class Plan:
    """All jobs of a study, each after its inputs, none twice. ``points`` are those whose records make the tables."""

    config: StudyConfig
    jobs: tuple[Job, ...]
    dataset: DatasetJob
    pretrainings: tuple[PretrainJob, ...]
    points: tuple[PointJob, ...]


def make_plan(config: StudyConfig) -> Plan:
    """The dataset, one pretraining per method and seed, and one job per measured point."""
    dataset = DatasetJob(config.dataset)
    pretrain_dataset = DatasetJob(config.pretrain_dataset) if config.pretrain_dataset else dataset
    pretrainings = {
        (method, seed): _pretraining(config, pretrain_dataset, method, seed)
        for method in config.methods
        for seed in range(config.pretrain_seeds)
    }
    points = tuple(_points(config, dataset, pretrainings))
    checks = [CheckJob(dataset, task) for task in config.tasks]
    jobs = tuple(_with_inputs([*checks, *pretrainings.values(), *points]))
    return Plan(config, jobs, dataset, tuple(pretrainings.values()), points)


def _pretraining(config: StudyConfig, dataset: DatasetJob, method: str, seed: int) -> PretrainJob:
    return PretrainJob(
        dataset=dataset,
        input=_input(config),
        backbone=config.backbone,
        method=method,
        options=config.methods[method].options,
        train=config.pretraining(method),
        augment=config.augmentation(method),
        seed=seed + config.seed,
    )


def _points(
    config: StudyConfig, dataset: DatasetJob, pretrainings: dict[tuple[str, int], PretrainJob]
) -> Iterator[PointJob]:
    """One pretraining serves all tasks, protocols and budgets."""
    common: dict[str, Any] = {"dataset": dataset, "backbone": config.backbone, "seed": config.seed}
    amounts = list(product(config.budgets, range(config.trials)))
    for task in config.tasks:
        if BLIND in config.controls:
            yield from (BlindJob(**common, task=task, labels=labels, trial=trial) for labels, trial in amounts)
        for protocol, settings in config.protocols.items():
            for method, (labels, trial) in product(_arms(config, protocol), amounts):
                yield TrialJob(
                    **common,
                    task=task,
                    labels=labels,
                    trial=trial,
                    input=_input(config),
                    start=pretrainings.get((method, trial % config.pretrain_seeds)),
                    protocol=protocol,
                    train=settings.for_labels(labels),
                    augment=config.augment,
                )


def _input(config: StudyConfig) -> ImageInput:
    return ImageInput(resolve_color(config.color, config.dataset.about().channels))


def _arms(config: StudyConfig, protocol: str) -> Iterator[str]:
    """Scratch learns as a whole; frozen random weights are no training from scratch but a control of probes."""
    if not PROTOCOLS[protocol].frozen:
        yield SCRATCH
    elif RANDOM in config.controls:
        yield RANDOM
    yield from config.methods


def _with_inputs(jobs: Iterable[Job]) -> list[Job]:
    """The jobs and all they need, inputs first, equal keys once."""
    ordered: dict[str, Job] = {}

    def visit(job: Job) -> None:
        for needed in job.inputs:
            visit(needed)
        ordered.setdefault(job.key, job)

    for job in jobs:
        visit(job)
    return list(ordered.values())
