"""What can be trained, whether it is a pretext method or a task with labels."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from torch import Tensor, nn

from headstart.data.batches.loader import Batch

__all__ = ["Objective", "StepResult"]


@dataclass(frozen=True)
class StepResult:
    """One step of an objective.

    loss: the scalar to differentiate. metrics: detached scalar tensors by name, left on their device; one named
    ``loss`` replaces ``loss`` in the history. One that is not finite ends the run. observed: likewise, but what is
    merely watched: a value that is not finite is a missing number.
    """

    loss: Tensor
    metrics: dict[str, Tensor] = field(default_factory=dict)
    observed: dict[str, Tensor] = field(default_factory=dict)


class Objective(nn.Module, ABC):
    """Anything that can be trained: a module whose ``step`` turns a batch into a loss."""

    @abstractmethod
    def step(self, batch: Batch) -> StepResult:
        """The loss of a batch. Draws come from ``batch.generator``; only in training mode may state move."""
