"""What each task is judged by."""

from collections.abc import Iterable
from typing import NamedTuple

from headstart.registry import lookup_traits
from headstart.tasks import TASKS

__all__ = ["PrimaryMetric", "primary_metrics"]


class PrimaryMetric(NamedTuple):
    """The metric of a task, and which way is up."""

    name: str
    higher_is_better: bool = True

    @property
    def sign(self) -> int:
        """What the metric times this is better the more there is of it."""
        return 1 if self.higher_is_better else -1


def primary_metrics(tasks: Iterable[str]) -> dict[str, PrimaryMetric]:
    """The primary metric of each task by name."""
    kinds = {name: lookup_traits(TASKS, "task", name) for name in tasks}
    return {name: PrimaryMetric(task.primary_metric, task.higher_is_better) for name, task in kinds.items()}
