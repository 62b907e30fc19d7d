"""From a configuration to the jobs that answer it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from headstart.study.config import StudyConfig
from headstart.study.jobs import Job
from headstart.study.pretrain_jobs import DatasetJob, PretrainJob
from headstart.study.trial_jobs import TrialJob

__all__ = ["Plan", "make_plan"]


@dataclass(frozen=True)
class Plan:
    """All jobs of a study, each after its inputs, none twice. ``trials`` are those whose records make the tables."""

    config: StudyConfig
    jobs: tuple[Job, ...]
    dataset: DatasetJob
    pretrainings: tuple[PretrainJob, ...]
    trials: tuple[TrialJob, ...]


def make_plan(config: StudyConfig) -> Plan:
    """The dataset, one pretraining per method and seed, and one job per measured point."""
    dataset = DatasetJob(config.dataset, config.color)
    pretrain_dataset = DatasetJob(config.pretrain_dataset, config.color) if config.pretrain_dataset else dataset
    pretrainings = {
        (method, seed): _pretraining(config, pretrain_dataset, method, seed)
        for method in config.methods
        for seed in range(config.pretrain_seeds)
    }
    trials = tuple(_trials(config, dataset, pretrainings))
    jobs = tuple(_with_inputs([*pretrainings.values(), *trials]))
    return Plan(config, jobs, dataset, tuple(pretrainings.values()), trials)


def _pretraining(config: StudyConfig, dataset: DatasetJob, method: str, seed: int) -> PretrainJob:
    return PretrainJob(
        dataset=dataset,
        backbone=config.backbone,
        method=method,
        options=config.methods[method].options,
        train=config.pretraining(method),
        augment=config.augment,
        seed=seed + config.seed,
    )


def _trials(
    config: StudyConfig, dataset: DatasetJob, pretrainings: dict[tuple[str, int], PretrainJob]
) -> Iterator[TrialJob]:
    """Scratch learns with ``finetune`` alone: frozen random weights are no training from scratch."""
    for task in config.tasks:
        for protocol in config.protocols:
            for method in (*(["scratch"] if protocol == "finetune" else []), *config.methods):
                for labels in config.budgets:
                    for trial in range(config.trials):
                        start = pretrainings.get((method, trial % config.pretrain_seeds))
                        yield _trial(config, dataset, start, task, protocol, labels, trial)


def _trial(
    config: StudyConfig,
    dataset: DatasetJob,
    start: PretrainJob | None,
    task: str,
    protocol: str,
    labels: int,
    trial: int,
) -> TrialJob:
    return TrialJob(
        dataset=dataset,
        start=start,
        backbone=config.backbone,
        task=task,
        protocol=protocol,
        labels=labels,
        trial=trial,
        train=config.protocols[protocol].for_labels(labels),
        augment=config.augment,
        seed=config.seed,
    )


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
