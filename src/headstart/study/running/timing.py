"""How fast this machine trains a network: steps that are taken for nothing but their time.

On a CPU that is the time of its cores, not the wall clock's: what else runs there at that moment hardly counts.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from headstart.backbones import Backbone
from headstart.data.batches.loader import Batches, Loader
from headstart.data.dataset import ImageSet
from headstart.data.sources.base import SourceInfo
from headstart.data.transforms.color import Normalisation
from headstart.data.transforms.config import spaces_of
from headstart.methods import METHODS, Teacher, build_method
from headstart.objective import Objective
from headstart.processes import keep_freed_memory
from headstart.seeding import derive_seed, torch_generator
from headstart.study.config.study import StudyConfig
from headstart.study.jobs.pretrain import PretrainJob
from headstart.study.jobs.starts import Start
from headstart.study.jobs.teaching import taught_by
from headstart.tasks import TASKS
from headstart.training import PROTOCOLS, TrainConfig, Watched, pick_device, train
from headstart.training.protocols import LabelledRun

__all__ = ["image_steps_per_second", "views_per_second"]

WARM, MOST = 2, 40
"""Steps before any counts, and at most while they do."""
FEW_IMAGES = 1000
GLANCES = 2, 8
"""Images of two steps that tell whether whole batches can be afforded."""
LONGEST = 4.0
"""Seconds that the fewest steps of whole batches may take."""
BEYOND = 10
"""How many times as long they take where the first glance tells all: next to that, what a step takes of itself is
little, and a second one would itself take long."""


def image_steps_per_second(config: StudyConfig, info: SourceInfo, start: Start, batch: int, budget: float) -> float:
    """Images per second that the network of ``start`` is fine-tuned on by one worker, ``batch`` at a time.

    info: of the images. budget: seconds that it may take, three steps at least; where these take too long, as those of
    large networks do that are meant for other machines, it is told from steps of a few images.
    """
    return _images_per_second(partial(_fine_tuned, config, info, start), batch, budget)


def views_per_second(config: StudyConfig, info: SourceInfo, job: PretrainJob, budget: float) -> float:
    """Views of images per second in a pretraining by its own method, watched as the job is, on one worker.

    info, budget: as above. Where processes share a batch it is the joint batch on one of them.
    """
    views = METHODS.traits(job.method).views
    return views * _images_per_second(partial(_pretrained, config, info, job), job.train.batch_size, budget)


def _images_per_second(seconds_of: Callable[[int, int], float], batch: int, budget: float) -> float:
    """As in a worker: in one thread, which keeps its memory. seconds_of: of a batch's images, so many steps."""
    keep_freed_memory()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        expected = _expected(seconds_of, batch)
        if (WARM + 1) * expected > LONGEST:
            return batch / expected
        warm = seconds_of(batch, WARM) / WARM
        steps = max(1, min(MOST, int(budget / warm) - WARM))
        return batch * steps / seconds_of(batch, steps)
    finally:
        torch.set_num_threads(threads)


def _expected(seconds_of: Callable[[int, int], float], batch: int) -> float:
    """Seconds of a step of ``batch`` images, from what it takes of itself and what each of a few images adds."""
    few, more = (min(glance, batch) for glance in GLANCES)
    step = _once_ready(seconds_of, few)
    if (WARM + 1) * batch * step / few > BEYOND * LONGEST:
        return batch * step / few
    each = max(0.0, _once_ready(seconds_of, more) - step) / (more - few) if more > few else 0.0
    return step + (batch - few) * each


def _once_ready(seconds_of: Callable[[int, int], float], images: int) -> float:
    """Of a step that is not the first of its size, for which libraries make ready."""
    seconds_of(images, 1)
    return seconds_of(images, 1)


def _fine_tuned(config: StudyConfig, info: SourceInfo, start: Start, batch: int, steps: int) -> float:
    """Seconds of so many steps."""
    images, backbone = _begin(config, info, start, batch)
    asked = TASKS[config.tasks[0]](info.classes)
    # Of bf16 that was planned for another machine this one may have an emulation only, which says nothing.
    settings = TrainConfig(steps=steps, batch_size=batch)
    target = images.targets[asked.target]
    run = LabelledRun(backbone, asked.fitted(target), images, settings, config.augment, derive_seed("timing"))
    setup = PROTOCOLS["finetune"].prepare(run)
    assert setup.learner is not None
    assert setup.loader is not None
    return _taken(setup.learner, setup.loader, settings)


def _pretrained(config: StudyConfig, info: SourceInfo, job: PretrainJob, batch: int, steps: int) -> float:
    """Seconds of so many steps. What a method remembers of each image is of a few of them."""
    method = METHODS[job.method]
    images, backbone = _begin(config, info, job.start, batch)
    options, draws = job.options.model_dump(), torch_generator("timing")
    others: dict[str, Any] = {"images": max(batch, FEW_IMAGES), "generator": draws}
    others["teacher"] = _teacher(job.teacher, info, images) if job.teacher else None
    learner = build_method(job.method, options, backbone, **others)
    asked = TASKS[config.tasks[0]](info.classes)
    watched = Watched(learner, [asked.fitted(images.targets[asked.target])], generator=draws)
    loader = Loader(
        images,
        batch_size=batch,
        seed=derive_seed("timing"),
        augment=job.augment,
        views=method.views,
        shared_flip=method.shared_flip,
    )
    return _taken(watched, loader, TrainConfig(steps=steps, batch_size=batch))


def _taken(objective: Objective, loader: Batches, settings: TrainConfig) -> float:
    """Seconds that training takes: of a core on the CPU, of the wall clock on a device that works beside it."""
    clock = time.process_time if loader.device.type == "cpu" else time.perf_counter
    started = clock()
    train(objective, loader, settings)
    return clock() - started


def _teacher(start: Start, info: SourceInfo, images: ImageSet) -> Teacher:
    """Of random weights, which answers as quickly as one that knows something."""
    build = partial(start.build, generator=torch_generator("timing"))
    return taught_by(start, build, info.channels, _statistics(info), images.prepare)


def _begin(config: StudyConfig, info: SourceInfo, start: Start, batch: int) -> tuple[ImageSet, Backbone]:
    """A batch of images, and the network at the start, on the device of the study, if there is one here."""
    device = pick_device() if config.settled_device == "cuda" else torch.device("cpu")
    images = _noise(config, info, start, batch, device)
    return images, start.build(images.channels, torch_generator("timing")).to(device)


def _noise(config: StudyConfig, info: SourceInfo, start: Start, batch: int, device: torch.device) -> ImageSet:
    """A batch of images with answers to the study's first task; what they show costs nothing."""
    asked, side = TASKS[config.tasks[0]], info.resolution
    shape = (batch, side, side, info.channels)
    pixels = torch.randint(256, shape, dtype=torch.uint8, generator=torch_generator("timing", "images"))
    target = torch.ones(shape[:3] if asked.per_location else shape[:1], dtype=torch.int64)
    prepare = start.input.preparation(info.channels, _statistics(info), device)
    return ImageSet(pixels.permute(0, 3, 1, 2), {asked.target: target}, prepare=prepare)


def _statistics(info: SourceInfo) -> dict[str, Normalisation]:
    """As good as any."""
    middle = Normalisation((128.0,) * info.channels, (64.0,) * info.channels)
    return dict.fromkeys(spaces_of(info.channels), middle)
