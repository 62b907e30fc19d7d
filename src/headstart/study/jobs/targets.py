"""The targets of a dataset, looked at before days are spent on them."""

from dataclasses import dataclass
from typing import Any, ClassVar

from headstart.study.jobs.base import Job, RunContext
from headstart.study.jobs.dataset import DatasetJob
from headstart.tasks import TASKS

__all__ = ["TargetsJob"]


@dataclass(frozen=True)
class TargetsJob(Job):
    """Refuse a dataset whose targets are no answers to ``task``, as soon as its images are there.

    It reads them from the file, on the CPU, for it needs no GPU.
    """

    dataset: DatasetJob
    task: str

    kind: ClassVar[str] = "targets"
    version: ClassVar[int] = 3
    first: ClassVar[bool] = True

    def identity(self) -> dict[str, Any]:
        return {"task": self.task}

    @property
    def inputs(self) -> tuple[Job, ...]:
        return (self.dataset,)

    @property
    def cost(self) -> int:
        return 0

    @property
    def title(self) -> str:
        return f"targets for {self.task}"

    def run(self, context: RunContext) -> None:
        from headstart.data.batches.stored import map_dataset

        dataset = map_dataset(context.input(self.dataset))
        task = TASKS[self.task](dataset.classes)
        for images in dataset.splits.values():
            task.check_target(images.targets[task.target], images.raw_resolution)
        task.check_variety(dataset.train.targets[task.target])
