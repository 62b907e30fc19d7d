"""How fast this machine fine-tunes a network: steps that are taken for nothing but their time."""

import torch

from headstart.data.dataset import ImageSet
from headstart.data.sources.base import SourceInfo
from headstart.data.transforms.color import Normalisation
from headstart.data.transforms.config import spaces_of
from headstart.seeding import derive_seed, torch_generator
from headstart.study.config.study import StudyConfig
from headstart.study.jobs.starts import Start
from headstart.tasks import TASKS
from headstart.training import PROTOCOLS, TrainConfig, pick_device, train
from headstart.training.protocols import LabelledRun

__all__ = ["image_steps_per_second"]

WARM, MOST = 2, 40
"""Steps before any counts, and at most while they do."""


def image_steps_per_second(config: StudyConfig, info: SourceInfo, start: Start, batch: int, budget: float) -> float:
    """Images per second that the network of ``start`` is fine-tuned on by one worker, ``batch`` at a time.

    info: of the images. budget: seconds that it may take, three steps at least.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        warm = _seconds_of_steps(config, info, start, batch, WARM) / WARM
        steps = max(1, min(MOST, int(budget / warm) - WARM))
        return steps * batch / _seconds_of_steps(config, info, start, batch, steps)
    finally:
        torch.set_num_threads(threads)


def _seconds_of_steps(config: StudyConfig, info: SourceInfo, start: Start, batch: int, steps: int) -> float:
    device = pick_device() if config.settled_device == "cuda" else torch.device("cpu")
    images = _noise(config, info, start, batch, device)
    asked = TASKS[config.tasks[0]](info.classes)
    backbone = start.build(images.channels, torch_generator("timing")).to(device)
    # Of bf16 that was planned for another machine this one may have an emulation only, which says nothing.
    settings = TrainConfig(steps=steps, batch_size=batch)
    target = images.targets[asked.target]
    run = LabelledRun(backbone, asked.fitted(target), images, settings, config.augment, derive_seed("timing"))
    setup = PROTOCOLS["finetune"].prepare(run)
    assert setup.learner is not None
    assert setup.loader is not None
    return train(setup.learner, setup.loader, settings).seconds


def _noise(config: StudyConfig, info: SourceInfo, start: Start, batch: int, device: torch.device) -> ImageSet:
    """A batch of images with answers to the study's first task; what they show costs nothing."""
    asked, side = TASKS[config.tasks[0]], info.resolution
    shape = (batch, side, side, info.channels)
    pixels = torch.randint(256, shape, dtype=torch.uint8, generator=torch_generator("timing", "images"))
    target = torch.ones(shape[:3] if asked.per_location else shape[:1], dtype=torch.int64)
    middle = Normalisation((128.0,) * info.channels, (64.0,) * info.channels)
    normalisations: dict[str, Normalisation] = dict.fromkeys(spaces_of(info.channels), middle)
    prepare = start.input.preparation(info.channels, normalisations, device)
    return ImageSet(pixels.permute(0, 3, 1, 2), {asked.target: target}, prepare=prepare)
