"""How fast this machine trains a study's network, to tell how long a plan will take."""

import time

import torch

from headstart.backbones import build_backbone
from headstart.seeding import torch_generator
from headstart.study.config.study import StudyConfig

__all__ = ["measure_speed"]

MEASURE_SECONDS = 0.7


def measure_speed(config: StudyConfig) -> float:
    """Image-steps per second of this study's backbone on one thread: forward and backward, nothing else."""
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
