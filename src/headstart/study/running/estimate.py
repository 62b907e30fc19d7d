"""How fast this machine trains a study's networks, to tell how long a plan will take."""

import json
import time
from collections.abc import Mapping

import torch

from headstart.backbones import build_backbone
from headstart.seeding import torch_generator
from headstart.study.config.study import StudyConfig
from headstart.study.jobs.base import Job
from headstart.study.running.plan import Plan
from headstart.study.running.store import State

__all__ = ["seconds_left"]

MEASURE_SECONDS, BATCH = 0.7, 32


def seconds_left(plan: Plan, states: Mapping[str, State]) -> dict[str, float]:
    """Seconds of one worker for each job that is not done, by key, at the speed of its own study's network here."""
    studies = [variant.config for variant in plan.suite.variants]
    speeds: dict[str, float] = {}
    seconds: dict[str, float] = {}
    for number, job in _owned(plan):
        if job.cost and states[job.key] != "done" and job.key not in seconds:
            config = studies[number]
            network = json.dumps([config.backbone.identity(), config.dataset.identity()], sort_keys=True)
            speeds[network] = speeds.get(network) or measure_speed(config)
            seconds[job.key] = job.cost / speeds[network]
    return seconds


def _owned(plan: Plan) -> list[tuple[int, Job]]:
    """Jobs, each with the number of a study that needs it."""
    pretrainings: list[tuple[int, Job]] = [(pretraining.variant, pretraining.job) for pretraining in plan.pretrainings]
    points: list[tuple[int, Job]] = [(point.variant, point.job) for point in plan.points]
    return [*pretrainings, *points, *enumerate(plan.datasets), *((0, job) for job in plan.jobs)]


def measure_speed(config: StudyConfig) -> float:
    """Image-steps per second of this study's backbone on one thread: forward and backward, nothing else."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _time_steps(config)
    finally:
        torch.set_num_threads(threads)


def _time_steps(config: StudyConfig) -> float:
    choice, info = config.backbone, config.dataset.info()
    batch = config.pretrain.batch_size if config.pretrain else BATCH
    generator = torch_generator("estimate")
    network = build_backbone(choice.name, choice.options, in_channels=info.channels, generator=generator)
    images = torch.zeros(batch, info.channels, info.resolution, info.resolution)
    images = images.to(memory_format=torch.channels_last)
    network(images).pooled.sum().backward()
    steps, started = 0, time.perf_counter()
    while time.perf_counter() - started < MEASURE_SECONDS:
        network(images).pooled.sum().backward()
        steps += 1
    return steps * batch / (time.perf_counter() - started)
