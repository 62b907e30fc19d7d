"""SimCLR: the other view of an image among all other views in the batch (Chen et al., 2020)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from headstart.backbones.base import Backbone, seeded_init
from headstart.data.batches.loader import Batch
from headstart.methods.projection import TwoViews, full_precision, mlp, wide
from headstart.methods.shipped import SimCLRConfig, SimCLRTraits
from headstart.objective import StepResult
from headstart.schema import Schema

__all__ = ["SimCLR", "SimCLRConfig", "nt_xent", "similarities"]


class SimCLR(SimCLRTraits, TwoViews):
    """Each view of an image must find the image's other view among all other views in the batch."""

    def __init__(self, backbone: Backbone, config: Schema, *, images: int, generator: torch.Generator) -> None:
        super().__init__(backbone, config, images=images, generator=generator)
        assert isinstance(config, SimCLRConfig)
        self.config = config
        with seeded_init(generator):
            self.projector = mlp((backbone.dim, wide(config.hidden, backbone.dim, 1), config.outputs))

    def step(self, batch: Batch) -> StepResult:
        scores = similarities(*self.projections(batch), self.config.temperature)
        matched = scores.detach().argmax(dim=1) == _partners(scores)
        return StepResult(nt_xent(scores), {"contrast_accuracy": matched.float().mean()})


def similarities(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Cosines over the temperature ``[2B, 2B]`` between all of ``first [B, D]`` and ``second [B, D]``, in that order.

    A view's similarity to itself, which takes no part, is minus infinity.
    """
    with full_precision(first):
        views = F.normalize(torch.cat([first, second]), dim=1)
        itself = torch.eye(len(views), dtype=torch.bool, device=views.device)
        return (views @ views.T / temperature).masked_fill(itself, -torch.inf)


def nt_xent(scores: Tensor) -> Tensor:
    """Mean over 2B views of the cross-entropy in nats of ``scores [2B, 2B]`` (Chen et al., 2020, eq. 1)."""
    return F.cross_entropy(scores, _partners(scores))


def _partners(scores: Tensor) -> Tensor:
    """int64 ``[2B]``: where each view's other view is."""
    return torch.arange(len(scores), device=scores.device).roll(len(scores) // 2)
