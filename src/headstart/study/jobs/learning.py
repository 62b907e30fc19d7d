"""What a pretraining trains, before its first step: method, watched tasks, and batches of images."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from headstart.errors import DataError
from headstart.methods import METHODS, build_method
from headstart.seeding import derive_seed, torch_generator
from headstart.study.jobs.base import RunContext
from headstart.study.jobs.dataset import open_dataset
from headstart.study.jobs.pool import learned_from
from headstart.study.jobs.teaching import taught_by
from headstart.tasks import TASKS

if TYPE_CHECKING:
    import torch

    from headstart.data.batches.loader import Batches
    from headstart.data.batches.share import Share
    from headstart.data.dataset import Dataset, ImageSet
    from headstart.methods import Method, Teacher
    from headstart.objective import Objective
    from headstart.study.jobs.pretrain import PretrainJob
    from headstart.tasks import Task

__all__ = ["Learning", "learning_of"]

LOOKS = 10
"""How often in a run the effective rank is taken."""


@dataclass(frozen=True)
class Learning:
    """A pretraining about to take its steps.

    dataset: as the network expects it. watched: ``method`` with a head per task beside it, for ``train``; the method
    learns the same without. batches: of the images that it learns from.
    """

    dataset: Dataset
    method: Method
    watched: Objective
    batches: Batches


@contextmanager
def learning_of(job: PretrainJob, context: RunContext, device: torch.device, share: Share) -> Iterator[Learning]:
    """What a job trains, before the first step, for whoever wants to look at it between steps.

    share: of each batch. Raises ``HeadstartError`` where the start has no weights.
    """
    dataset = open_dataset(context.input(job.dataset), job.start.input, device)
    images = learned_from(context, job.pool, dataset)
    method = _method(job, context, images, _teacher(job, context, dataset))
    with _loader(job, images, share) as batches:
        yield Learning(dataset, method, _watched(job, method, dataset), batches)


@contextmanager
def _loader(job: PretrainJob, images: ImageSet, share: Share) -> Iterator[Batches]:
    """Batches of ``images``, or of the source's stream of them where it has one."""
    from headstart.data.batches.endless import EndlessLoader
    from headstart.data.batches.loader import Loader

    seed = derive_seed(job.seed, "pretrain", "batches")
    options: dict[str, Any] = {"batch_size": job.train.batch_size, "seed": seed, "augment": job.augment}
    options["share"] = share
    options["views"] = METHODS[job.method].views
    options["shared_flip"] = METHODS[job.method].shared_flip
    stream = job.dataset.source.stream()
    if stream is None:
        yield Loader(images.prepared(job.train.steps * share.size(job.train.batch_size)), **options)
        return
    with closing(EndlessLoader(stream, images.prepare, **options)) as loader:
        yield loader


def _teacher(job: PretrainJob, context: RunContext, dataset: Dataset) -> Teacher | None:
    """What the method learns from; it is shown what ``dataset`` shows the student."""
    if job.teacher is None:
        return None
    load = partial(job.teacher.load_backbone, context, generator=torch_generator("teacher", job.seed))
    channels = int(dataset.train.images.shape[1])
    return taught_by(job.teacher, load, channels, dataset.normalisation, dataset.train.prepare)


def _method(job: PretrainJob, context: RunContext, images: ImageSet, teacher: Teacher | None) -> Method:
    generator = torch_generator("backbone", job.seed)
    backbone = job.start.load_backbone(context, images.channels, generator)
    generator = torch_generator(job.seed, "pretrain", "method")
    options = job.options.model_dump()
    others: dict[str, Any] = {"images": len(images), "generator": generator, "teacher": teacher}
    return build_method(job.method, options, backbone, **others)


def _watched(job: PretrainJob, method: Method, dataset: Dataset) -> Objective:
    """``method`` with a head for every task whose labels the dataset has."""
    from headstart.training import Watched

    tasks = [task for name in job.watched if (task := _answered(name, dataset))]
    generator = torch_generator(job.seed, "probe")
    every = max(1, job.train.steps // LOOKS)
    return Watched(method, tasks, generator=generator, images=dataset.train, rank_every=every)


def _answered(name: str, dataset: Dataset) -> Task | None:
    """The task if the dataset's training images have answers to it; what no study asks for may be any numbers."""
    task, known = TASKS[name](dataset.classes), dataset.train.targets
    if task.target not in known:
        return None
    try:
        task.check_target(known[task.target], dataset.train.raw_resolution)
    except DataError:
        return None
    return task.fitted(known[task.target])
