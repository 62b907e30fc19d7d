"""How long a plan will take on this machine: its steps and the reading of its images, timed here, and how many run
side by side."""

from collections.abc import Mapping
from typing import NamedTuple

from headstart.data.sources.synthetic import SyntheticSource
from headstart.study.config.study import StudyConfig
from headstart.study.jobs.base import Job
from headstart.study.jobs.dataset import DatasetJob
from headstart.study.jobs.features import FeaturesJob
from headstart.study.jobs.pool import PoolJob
from headstart.study.jobs.pretrain import PretrainJob
from headstart.study.jobs.starts import Start
from headstart.study.jobs.trial import TrialJob
from headstart.study.running.launchers import Launcher
from headstart.study.running.plan import Plan
from headstart.study.running.reading import ReadSource, seconds_of_reading
from headstart.study.running.store import State
from headstart.training.config import TrainConfig

__all__ = ["seconds_left", "side_by_side", "wall_seconds"]

BUDGET = 0.8
"""Seconds that timing may take, all networks together."""
RENDERED = {"warp": 700_000, "blender": 12_000}
"""Pixels per second that a core renders, as measured in docs/results."""
LOOKED_AT, LOOKED_AT_BATCH = 1 / 3, 64
"""Of an image-step: an image that is passed forward only. And how many of them are timed at once."""
START_SECONDS, JOB_SECONDS = 4.0, 0.1
"""Of a worker, or of processes that render, until they have loaded what they need, and of a job besides its steps."""


Networked = PretrainJob | FeaturesJob | TrialJob
"""Jobs that pass images through a network."""


class _Size(NamedTuple):
    """What a step's cost depends on: the key of the weights that a network starts with, images a step, what images are,
    and the method with its options and teacher, or none where a step is one of fine-tuning."""

    network: str
    batch: int
    resolution: int
    channels: int
    method: str


_SPEEDS: dict[tuple[_Size, str, str, str], float] = {}
"""What was timed in this process: candidates for one study have most of it in common."""


def seconds_left(plan: Plan, states: Mapping[str, State]) -> dict[str, float]:
    """Seconds of one core for each job that is not done, by key.

    A step is timed here as the job takes it, with its own network and batch size: a batch made, augmented and passed,
    and the weights moved; pretraining by its own method, with all views and the heads that watch it. What is tested on
    all validation and test images counts as well, and so do pictures of others, which are read and decoded as far as a
    sample tells. A plan for CUDA is timed on the CPU where there is none.
    """
    left = {job.key: (config, job) for config, job in reversed(_owned(plan)) if states[job.key] != "done"}
    passing = {_size(job): (config, job) for config, job in left.values() if isinstance(job, Networked)}
    speeds = {size: _speed(config, job, BUDGET / len(passing)) for size, (config, job) in passing.items()}
    return {key: JOB_SECONDS + _work(job, speeds) for key, (_, job) in left.items()}


def side_by_side(plan: Plan, launcher: Launcher) -> int:
    """How many of a launcher's workers are at work at once: on a CPU not more than there are cores."""
    on_cpu = all(variant.config.settled_device == "cpu" for variant in plan.suite.variants)
    return min(launcher.width(), launcher.cores()) if on_cpu else launcher.width()


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
    if isinstance(job, Networked):
        return (job.cost + _tested(job)) / speeds[_size(job)]
    if isinstance(job, DatasetJob) and isinstance(job.source, SyntheticSource):
        pixels = job.source.images * job.source.resolution**2
        return START_SECONDS + pixels / RENDERED.get(job.source.engine, RENDERED["warp"])
    sources = (job.source,) if isinstance(job, DatasetJob) else job.sources if isinstance(job, PoolJob) else ()
    return sum(seconds_of_reading(source) for source in sources if isinstance(source, ReadSource))


def _tested(job: Networked) -> float:
    """Image-steps that it takes to test what was fine-tuned; what was not is tested on features."""
    if not isinstance(job, TrialJob) or job.features:
        return 0.0
    counts = job.dataset.source.info().counts
    return LOOKED_AT * (counts["val"] + counts["test"])


def _network(job: Networked) -> Start:
    """The random weights that a job's network began with, however long ago."""
    start = job.start
    while start.pretrain_source is not None:
        start = start.pretrain_source.start
    return start


def _size(job: Networked) -> _Size:
    """What only looks at images does so in batches of its own, whose size makes little difference."""
    train = None if isinstance(job, FeaturesJob) else job.train
    batch = train.batch_size if isinstance(train, TrainConfig) else LOOKED_AT_BATCH
    info = job.dataset.source.info()
    method = ""
    if isinstance(job, PretrainJob):
        taught = job.teacher.key if job.teacher else ""
        method = f"{job.method} {job.options.model_dump_json()} {taught}"
    return _Size(_network(job).key, batch, info.resolution, info.channels, method)


def _speed(config: StudyConfig, job: Networked, budget: float) -> float:
    """Image-steps per second of a job's network here, timed once a process."""
    size = _size(job)
    augment = job.augment if isinstance(job, PretrainJob) else config.augment
    known = (size, config.tasks[0], config.settled_device, augment.model_dump_json())
    if known not in _SPEEDS:
        from headstart.study.running import timing  # it loads torch, for which nothing else asks

        info = job.dataset.source.info()
        _SPEEDS[known] = (
            timing.views_per_second(config, info, job, budget)
            if isinstance(job, PretrainJob)
            else timing.image_steps_per_second(config, info, _network(job), size.batch, budget)
        )
    return _SPEEDS[known]
