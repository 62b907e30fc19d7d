"""VICReg: views agree, features vary, and no two of them say the same (Bardes et al., 2022)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from headstart.backbones.base import Backbone, seeded_init
from headstart.data.batches.loader import Batch
from headstart.methods.projection import TwoViews, full_precision, mlp, off_diagonal, wide
from headstart.methods.shipped import VICRegConfig, VICRegTraits
from headstart.objective import StepResult
from headstart.schema import Schema

__all__ = ["VICReg", "VICRegConfig", "covariance", "deviations", "invariance", "variance"]

LEAST_DEVIATION, EPSILON = 1.0, 1e-4
"""The paper's gamma and epsilon."""


class VICReg(VICRegTraits, TwoViews):
    """Two views' projections must be close, while each feature varies over a batch and none repeats another."""

    def __init__(self, backbone: Backbone, config: Schema, *, images: int, generator: torch.Generator) -> None:
        super().__init__(backbone, config, images=images, generator=generator)
        assert isinstance(config, VICRegConfig)
        self.config = config
        hidden, outputs = (wide(given, backbone.dim, 4) for given in (config.hidden, config.outputs))
        with seeded_init(generator):
            # Neither distances, nor variances, nor covariances see a bias of the last layer.
            self.projector = mlp((backbone.dim, hidden, hidden, outputs), last_bias=False)

    def step(self, batch: Batch) -> StepResult:
        """The loss is eq. 6."""
        first, second = self.projections(batch)
        distance = invariance(first, second)
        spread = variance(first) + variance(second)
        shared = covariance(first) + covariance(second)
        weights = self.config
        loss = weights.invariance * distance + weights.variance * spread + weights.covariance * shared
        metrics = {
            "view_distance": distance.detach(),
            "projection_std": deviations(torch.cat([first, second]).detach()).mean(),
            "covariance": shared.detach(),
        }
        return StepResult(loss, metrics)


def deviations(features: Tensor) -> Tensor:
    """Standard deviations ``[D]`` over the rows of ``[B, D]``, kept from 0 so that they have a slope there (eq. 2)."""
    return (features.var(dim=0) + EPSILON).sqrt()


def variance(features: Tensor) -> Tensor:
    """Mean over features of what the standard deviation of ``[B, D]`` lacks to 1 (Bardes et al., 2022, eq. 1)."""
    return F.relu(LEAST_DEVIATION - deviations(features)).mean()


def covariance(features: Tensor) -> Tensor:
    """Sum of squares of the covariances between different features of ``[B, D]``, over D (eq. 3 and 4)."""
    with full_precision(features):
        centred = features - features.mean(dim=0)
        between = centred.T @ centred / (len(features) - 1)
        return off_diagonal(between).square().sum() / features.shape[1]


def invariance(first: Tensor, second: Tensor) -> Tensor:
    """Mean squared difference of ``[B, D]`` and ``[B, D]``.

    Eq. 5 sums over features; this is a mean over them too, as in the paper's algorithm 1, for which its weights are.
    """
    return F.mse_loss(first, second)
