"""How long a plan will take, from a second of measuring on this machine."""

import time
from collections.abc import Iterable

import torch

from headstart.backbones import build_backbone
from headstart.seeding import torch_generator
from headstart.study.config import StudyConfig
from headstart.study.jobs import Job

__all__ = ["estimate_seconds"]

MEASURE_SECONDS = 0.7


def estimate_seconds(config: StudyConfig, jobs: Iterable[Job], workers: int) -> float:
    """Seconds for ``jobs`` on ``workers`` processes, from the measured speed of this backbone on one thread."""
    image_steps = sum(job.cost for job in jobs)
    return image_steps / _image_steps_per_second(config) / workers if image_steps else 0.0


def _image_steps_per_second(config: StudyConfig) -> float:
    about = config.dataset.about()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _time_steps(config, config.pretrain.batch_size, about.channels, about.resolution)
    finally:
        torch.set_num_threads(threads)


def _time_steps(config: StudyConfig, batch: int, channels: int, resolution: int) -> float:
    choice = config.backbone
    generator = torch_generator("estimate")
    network = build_backbone(choice.name, choice.options, in_channels=channels, generator=generator)
    images = torch.zeros(batch, channels, resolution, resolution).to(memory_format=torch.channels_last)
    network(images).pooled.sum().backward()
    steps, started = 0, time.perf_counter()
    while time.perf_counter() - started < MEASURE_SECONDS:
        network(images).pooled.sum().backward()
        steps += 1
    return steps * batch / (time.perf_counter() - started)
