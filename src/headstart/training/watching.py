"""Watching a method while it learns: what its features hold, how far they spread, in how many directions they lie."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from headstart.backbones.base import Backbone, Features, seeded_init
from headstart.data.batches.loader import Batch
from headstart.data.dataset import ImageSet
from headstart.methods.base import Method
from headstart.objective import Objective, StepResult
from headstart.tasks.base import Task
from headstart.training.collapse import RANK, SPREAD, effective_rank, spread
from headstart.training.features import evaluating, extract_features

__all__ = ["Watched"]

RANK_IMAGES = 256
"""The fewest images for an effective rank; more where features are many."""
Metrics = dict[str, Tensor]


class Watched(Objective):
    """``method`` with a linear head per task that learns on its detached features, beside it and unnoticed by it.

    Every ``every`` steps the backbone reads the first view as it is, in eval mode and without gradients; so heads see
    what a frozen backbone would give, whatever the method does to its own inputs, and the method's weights, statistics
    and draws stay those of a run that nobody watches. Features pass a batch norm without weights first (He et al.,
    2022, MAE), because their scale drifts as the backbone learns. Tasks without labels in a batch rest, and in a batch
    of one image all do, for it has neither a spread nor anything to be normalised over.
    images: whose features' effective rank is taken every ``rank_every`` steps.
    Metrics: the method's, ``feature_spread``, ``effective_rank``, ``probe_loss`` (of all heads), and each task's on its
    head's batches as ``<task>_probe_<metric>``.
    """

    def __init__(
        self,
        method: Method,
        tasks: Sequence[Task],
        *,
        generator: torch.Generator,
        images: ImageSet | None = None,
        every: int = 4,
        rank_every: int = 100,
    ) -> None:
        assert every >= 1
        assert rank_every >= 1
        super().__init__()
        self.method, self.tasks, self.every, self.rank_every = method, tasks, every, rank_every
        self._images = None if images is None else images.first(max(RANK_IMAGES, 2 * method.backbone.dim))
        with seeded_init(generator):
            self.heads = nn.ModuleList(_NormalisedHead(method.backbone, task) for task in tasks)

    @property
    def backbone(self) -> Backbone:
        """What survives, as of any method."""
        return self.method.backbone

    def step(self, batch: Batch) -> StepResult:
        result = self.method.step(batch)
        observed, loss = self._rank(batch.step), result.loss
        if batch.step % self.every == 0 and len(batch.index) > 1:
            learned, seen = self._look(batch)
            observed, loss = observed | seen, loss + learned
        return StepResult(loss, {"loss": result.loss.detach(), **result.metrics}, observed)

    def _look(self, batch: Batch) -> tuple[Tensor, Metrics]:
        """The loss of all heads, and what was measured on the way."""
        with torch.no_grad(), evaluating(self.backbone):
            features: Features = self.backbone(batch.views[0])
        metrics, losses = {SPREAD: spread(batch.share.gather(features.pooled.float()))}, []
        for head, task in zip(self.heads, self.tasks, strict=True):
            if task.target in batch.targets:
                output, target = head(features), batch.targets[task.target]
                losses.append(task.loss(output, target))
                measured = task.measure(output.detach(), target)
                metrics |= {f"{task.name}_probe_{name}": value for name, value in measured.items()}
        if not losses:
            return torch.zeros((), device=features.pooled.device), metrics
        loss = torch.stack(losses).sum()
        return loss, metrics | {"probe_loss": loss.detach()}

    def _rank(self, step: int) -> Metrics:
        if self._images is None or step % self.rank_every:
            return {}
        return {RANK: effective_rank(extract_features(self.backbone, self._images))}


class _NormalisedHead(nn.Module):
    def __init__(self, backbone: Backbone, task: Task) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(backbone.dim, affine=False)
        self.head = task.head(backbone)

    def forward(self, features: Features) -> Tensor:
        dense = self.norm(features.dense.flatten(2)).view_as(features.dense)
        output: Tensor = self.head(Features(self.norm(features.pooled), dense))
        return output
