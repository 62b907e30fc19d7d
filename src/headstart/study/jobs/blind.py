"""A point measured without a look at any image: how far the labels' own statistics get."""

from dataclasses import dataclass
from typing import Any, ClassVar

from headstart.study.jobs.answers import keep_answers
from headstart.study.jobs.base import RunContext
from headstart.study.jobs.points import PointJob, write_records
from headstart.tasks import TASKS

__all__ = ["BlindJob"]


@dataclass(frozen=True)
class BlindJob(PointJob):
    """Answer every image with the constant that does best on the trial's labels."""

    kind: ClassVar[str] = "blind"
    version: ClassVar[int] = 3

    def identity(self) -> dict[str, Any]:
        rule = TASKS.traits(self.task).constant_rule
        return super().identity() | ({"rule": rule} if rule else {})

    @property
    def cost(self) -> int:
        return 0

    @property
    def title(self) -> str:
        return f"blind guess, {self.task}, {self.labels} labels, trial {self.trial + 1}"

    @property
    def group(self) -> str:
        return self.dataset.key

    def run(self, context: RunContext) -> None:
        """On the CPU, whatever the study's device is: nothing is computed from images."""
        from headstart.data.batches.stored import map_dataset
        from headstart.study.jobs.constant import Constant, blank
        from headstart.training import Precomputed, Supervised, evaluate

        dataset = map_dataset(context.input(self.dataset))
        plain = TASKS[self.task](dataset.classes)
        known = self.labelled(dataset, plain).targets[plain.target]
        task = plain.fitted(known)
        model = Supervised(Precomputed(1), Constant(task.constant(known)), task)
        unseen = {split: blank(dataset.splits[split]) for split in ("val", "test")}
        measured = {split: evaluate(model, images, precision="float32") for split, images in unseen.items()}
        keep_answers(context.folder, model, unseen["test"], "float32")
        write_records(context.folder, measured)
