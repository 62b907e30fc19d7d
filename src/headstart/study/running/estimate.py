"""How long a plan will take on this machine: its training steps, timed here, and how many run side by side."""

from collections.abc import Mapping
from typing import NamedTuple

import torch

from headstart.data.dataset import ImageSet
from headstart.data.sources.synthetic import SyntheticSource
from headstart.data.transforms.color import Normalisation
from headstart.data.transforms.config import spaces_of
from headstart.processes import available_cores
from headstart.seeding import derive_seed, torch_generator
from headstart.study.config.study import StudyConfig
from headstart.study.jobs.base import Job
from headstart.study.jobs.dataset import DatasetJob
from headstart.study.jobs.pretrain import PretrainJob
from headstart.study.jobs.starts import Start
from headstart.study.jobs.trial import TrialJob
from headstart.study.running.plan import Plan
from headstart.study.running.store import State
from headstart.tasks import TASKS
from headstart.training import PROTOCOLS, Precision, TrainConfig, pick_device, train
from headstart.training.protocols import LabelledRun

__all__ = ["seconds_left", "side_by_side", "wall_seconds"]

BUDGET, WARM, MOST = 0.8, 2, 40
"""Seconds that timing may take, all networks together; steps before and at most while one is timed."""
RENDERED = {"warp": 700_000, "blender": 12_000}
"""Pixels per second that a core renders, as measured in docs/results."""
LOOKED_AT = 1 / 3
"""Of an image-step: an image that is passed forward only."""
START_SECONDS, JOB_SECONDS = 3.0, 0.1
"""Of a worker until it has loaded what it needs, and of a job besides its steps: files opened, a network built."""


class _Size(NamedTuple):
    """What a step's cost depends on: the key of the weights that a network starts with, images a step, and images."""

    network: str
    batch: int
    dataset: str


def seconds_left(plan: Plan, states: Mapping[str, State]) -> dict[str, float]:
    """Seconds of one core for each job that is not done, by key.

    A step is timed here as fine-tuning takes it, with the job's own network and batch size: a batch made, augmented and
    passed, and the weights moved. What is tested on all validation and test images counts as well. What a method adds
    to a step is not in it. A plan for CUDA is timed on the CPU where there is none.
    """
    left = {job.key: (config, job) for config, job in reversed(_owned(plan)) if states[job.key] != "done"}
    trained = {_size(job): (config, job) for config, job in left.values() if isinstance(job, PretrainJob | TrialJob)}
    speeds = {size: _image_steps_per_second(*known, BUDGET / len(trained)) for size, known in trained.items()}
    return {key: JOB_SECONDS + _work(job, speeds) for key, (_, job) in left.items()}


def side_by_side(plan: Plan, workers: int) -> int:
    """How many of so many workers are at work at once: on a CPU not more than there are cores."""
    on_cpu = all(variant.config.settled_device == "cpu" for variant in plan.suite.variants)
    return min(workers, available_cores()) if on_cpu else workers


def wall_seconds(plan: Plan, seconds: Mapping[str, float], together: int) -> float:
    """How long jobs of so many ``seconds`` of a core take, ``together`` at once.

    Not less than the longest chain of jobs that wait for each other, however many work.
    """
    if not seconds:
        return 0.0
    ends: dict[str, float] = {}
    for job in plan.jobs:
        begins = max((ends[needed.key] for needed in job.inputs), default=0.0)
        cores = min(together, job.needs.up_to or job.needs.cpus)
        ends[job.key] = begins + seconds.get(job.key, 0.0) / cores
    return START_SECONDS + max(sum(seconds.values()) / together, *ends.values())


def _owned(plan: Plan) -> list[tuple[StudyConfig, Job]]:
    """Jobs, each with a study that needs it; one that several need is there for each, the first of them first."""
    studies = [variant.config for variant in plan.suite.variants]
    needed: list[tuple[StudyConfig, Job]] = [(studies[one.variant], one.job) for one in plan.pretrainings]
    needed += [
        (studies[one.variant], job) for one in plan.doublings for job in (one.doubling.job, one.doubling.doubled)
    ]
    needed += [(studies[point.variant], point.job) for point in plan.points]
    return [*needed, *((studies[0], job) for job in plan.jobs)]


def _work(job: Job, speeds: Mapping[_Size, float]) -> float:
    """Seconds of one core for what a job does, without what every job takes."""
    if isinstance(job, PretrainJob):
        return job.cost / speeds[_size(job)]
    if isinstance(job, TrialJob):
        counts = job.dataset.source.info().counts
        return (job.cost + LOOKED_AT * (counts["val"] + counts["test"])) / speeds[_size(job)]
    if isinstance(job, DatasetJob) and isinstance(job.source, SyntheticSource):
        pixels = job.source.images * job.source.resolution**2
        return pixels / RENDERED.get(job.source.engine, RENDERED["warp"])
    return 0.0


def _network(job: PretrainJob | TrialJob) -> Start:
    """The random weights that a job's network began with, however long ago."""
    start = job.start
    while start.pretrain_source is not None:
        start = start.pretrain_source.start
    return start


def _batch(job: PretrainJob | TrialJob) -> int:
    """Images a step; a job without steps looks at images in batches, too."""
    return job.train.batch_size if isinstance(job.train, TrainConfig) else 32


def _size(job: PretrainJob | TrialJob) -> _Size:
    return _Size(_network(job).key, _batch(job), job.dataset.key)


def _image_steps_per_second(config: StudyConfig, job: PretrainJob | TrialJob, budget: float) -> float:
    """Images per second that the job's network is fine-tuned on, by one worker; takes ``budget`` seconds or 3 steps."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        warm = _seconds_of_steps(config, job, WARM) / WARM
        steps = max(1, min(MOST, int(budget / warm) - WARM))
        return steps * _batch(job) / _seconds_of_steps(config, job, steps)
    finally:
        torch.set_num_threads(threads)


def _seconds_of_steps(config: StudyConfig, job: PretrainJob | TrialJob, steps: int) -> float:
    """Of fine-tuning on images that are noise; what they show costs nothing."""
    batch, source, task = _batch(job), job.dataset.source.info(), config.tasks[0]
    device = pick_device() if config.settled_device == "cuda" else torch.device("cpu")
    precision: Precision = "float32" if job.train.precision == "float32" else "auto"  # bf16 where it is no emulation
    generator = torch_generator("estimate")
    side = source.resolution
    pixels = torch.randint(256, (batch, side, side, source.channels), dtype=torch.uint8, generator=generator)
    asked = TASKS[task](source.classes)
    target = torch.ones((batch, side, side) if asked.per_location else batch, dtype=torch.int64)
    noise = Normalisation((128.0,) * source.channels, (64.0,) * source.channels)
    plain: dict[str, Normalisation] = dict.fromkeys(spaces_of(source.channels), noise)
    prepare = job.start.input.preparation(source.channels, plain, device)
    images = ImageSet(pixels.permute(0, 3, 1, 2), {asked.target: target}, prepare=prepare)
    backbone = _network(job).build(images.channels, generator).to(device)
    settings = TrainConfig(steps=steps, batch_size=batch, precision=precision)
    run = LabelledRun(backbone, asked.fitted(target), images, settings, config.augment, derive_seed("estimate"))
    setup = PROTOCOLS["finetune"].prepare(run)
    assert setup.learner is not None
    assert setup.loader is not None
    return train(setup.learner, setup.loader, settings).seconds
