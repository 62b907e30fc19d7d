"""The job that puts images without labels beside the training images, for pretraining alone."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from headstart.data.sources import Source
from headstart.study.jobs.base import Job, Needs, RunContext
from headstart.study.jobs.dataset import DEVICE_SHARE, DatasetJob

if TYPE_CHECKING:
    from headstart.data.dataset import Dataset, ImageSet

__all__ = ["PoolJob", "learned_from", "pool_of"]


@dataclass(frozen=True)
class PoolJob(Job):
    """Training images of ``dataset`` and every image of ``sources``. Labels and tests know nothing of it."""

    dataset: DatasetJob
    sources: tuple[Source, ...]

    kind: ClassVar[str] = "pool"
    version: ClassVar[int] = 1

    def identity(self) -> dict[str, Any]:
        return {"sources": [{"source": type(one).__name__, "content": one.identity()} for one in self.sources]}

    @property
    def inputs(self) -> tuple[Job, ...]:
        return (self.dataset,)

    @property
    def cost(self) -> int:
        return sum(sum(source.info().counts.values()) for source in self.sources)

    @property
    def needs(self) -> Needs:
        return Needs(up_to=self.cost)

    @property
    def title(self) -> str:
        return f"unlabelled images of {', '.join(source.name for source in self.sources)}"

    def run(self, context: RunContext) -> None:
        from headstart.data.batches.pool import store_pool

        made = [context.folder / f"made-{number}" for number in range(len(self.sources))]
        folders = [
            source.materialise(folder, workers=context.workers, progress=context.progress)
            for source, folder in zip(self.sources, made, strict=True)
        ]
        store_pool(context.input(self.dataset), folders, context.folder)
        for folder in made:
            shutil.rmtree(folder, ignore_errors=True)


def pool_of(dataset: DatasetJob) -> PoolJob | None:
    """What a dataset has for pretraining alone, if it has any."""
    sources = dataset.source.pool()
    return PoolJob(dataset, sources) if sources else None


def learned_from(context: RunContext, pool: PoolJob | None, dataset: Dataset) -> ImageSet:
    """What pretraining sees: the training split, and with it the finished ``pool``'s images, on the same device."""
    if pool is None:
        return dataset.train
    import torch

    from headstart.data.batches.pool import map_pool

    images = map_pool(context.input(pool), dataset.train)
    place = dataset.train.images.device
    if place.type == "cuda" and images.images.nbytes <= DEVICE_SHARE * torch.cuda.mem_get_info(place)[0]:
        return images.to(place)
    return images
