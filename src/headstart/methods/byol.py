"""BYOL: foresee what a slowly following copy of the network makes of the other view (Grill et al., 2020)."""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from headstart.backbones.base import Backbone, seeded_init
from headstart.data.batches.loader import Batch
from headstart.methods.projection import TwoViews, full_precision, mlp, wide
from headstart.methods.shipped import BYOLConfig, BYOLTraits
from headstart.objective import StepResult
from headstart.schema import Schema

__all__ = ["BYOL", "BYOLConfig", "distance", "follow"]


class BYOL(BYOLTraits, TwoViews):
    """A network foresees, from one view of an image, what its own moving average makes of the other.
    The average (the target) has batch norms that see the batch, as in the paper, and gets no gradient. It starts as
    the network itself and moves at the start of a step, when the optimiser has just done the one before.
    """

    def __init__(self, backbone: Backbone, config: Schema, *, images: int, generator: torch.Generator) -> None:
        super().__init__(backbone, config, images=images, generator=generator)
        assert isinstance(config, BYOLConfig)
        self.momentum, hidden = config.momentum, wide(config.hidden, backbone.dim, 2)
        with seeded_init(generator):
            self.projector = mlp((backbone.dim, hidden, config.outputs))
            self.predictor = mlp((config.outputs, hidden, config.outputs))
        self.target_backbone = copy.deepcopy(backbone).requires_grad_(False)
        self.target_projector = copy.deepcopy(self.projector).requires_grad_(False)

    def step(self, batch: Batch) -> StepResult:
        self.check_batch(batch)
        if self.training:
            follow(self.target_backbone, self.backbone, self.momentum)
            follow(self.target_projector, self.projector, self.momentum)
        with torch.no_grad():
            targets = [self.target_projector(self.target_backbone(view).pooled).float() for view in batch.views]
        foreseen = [self.predictor(self.projector(self.backbone(view).pooled)).float() for view in batch.views]
        loss = distance(foreseen[0], targets[1]) + distance(foreseen[1], targets[0])
        return StepResult(loss, {"target_similarity": 1 - loss.detach() / 4})


def distance(foreseen: Tensor, target: Tensor) -> Tensor:
    """Mean squared distance, 0 to 4, of rows of ``[B, D]`` brought to unit length (Grill et al., 2020, eq. 2)."""
    with full_precision(foreseen):
        return 2 - 2 * F.cosine_similarity(foreseen, target, dim=1).mean()


def follow(target: nn.Module, online: nn.Module, momentum: float) -> None:
    """Weights of ``target`` become ``momentum * target + (1 - momentum) * online`` in place (eq. 1, second line).

    The statistics of its batch norms are its own.
    """
    average = get_ema_multi_avg_fn(momentum)  # type: ignore[no-untyped-call]
    average(list(target.parameters()), list(online.parameters()), 0)
