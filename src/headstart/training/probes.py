"""Online probes: how well a head does on a method's features while the method learns."""

import torch
from torch import nn

from headstart.backbones.base import Backbone, Features, seeded_init
from headstart.data.loader import Batch
from headstart.methods.base import Method, Objective, StepResult
from headstart.tasks.base import Task
from headstart.training.features import evaluating

__all__ = ["Probed"]


class Probed(Objective):
    """``method`` with a linear head that learns ``task`` on its detached features, beside it and unnoticed by it.

    Every ``every`` steps the backbone reads the first view as it is, in eval mode and without gradients; so the head
    sees what a frozen backbone would give, whatever the method does to its own inputs, and the method's weights,
    statistics and draws stay those of a run without a probe. Features pass a batch norm without weights first (He et
    al., 2022, MAE), because their scale drifts as the backbone learns.
    Metrics: the method's, ``probe_loss``, and the task's with ``probe_`` before their names, on the head's batches.
    """

    def __init__(self, method: Method, task: Task, *, generator: torch.Generator, every: int = 4) -> None:
        assert every >= 1
        super().__init__()
        self.method, self.task, self.every = method, task, every
        with seeded_init(generator):
            self.head = _NormalisedHead(method.backbone, task)

    @property
    def backbone(self) -> Backbone:
        """What survives, as of any method."""
        return self.method.backbone

    def step(self, batch: Batch) -> StepResult:
        result = self.method.step(batch)
        if batch.step % self.every or self.task.target not in batch.targets:
            return result
        with torch.no_grad(), evaluating(self.backbone):
            features: Features = self.backbone(batch.views[0])
        output, target = self.head(features), batch.targets[self.task.target]
        loss = self.task.loss(output, target)
        measured = self.task.measure(output.detach(), target)
        own = {"loss": result.loss.detach(), "probe_loss": loss.detach()}
        metrics = {**own, **result.metrics, **{f"probe_{name}": value for name, value in measured.items()}}
        return StepResult(result.loss + loss, metrics)


class _NormalisedHead(nn.Module):
    def __init__(self, backbone: Backbone, task: Task) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(backbone.dim, affine=False)
        self.head = task.head(backbone)

    def forward(self, features: Features) -> torch.Tensor:
        dense = self.norm(features.dense.flatten(2)).view_as(features.dense)
        output: torch.Tensor = self.head(Features(self.norm(features.pooled), dense))
        return output
