"""Barlow Twins: features that agree between views and repeat nothing among each other (Zbontar et al., 2021)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from headstart.backbones.base import Backbone, seeded_init
from headstart.data.batches.loader import Batch
from headstart.methods.projection import TwoViews, full_precision, mlp, off_diagonal, wide
from headstart.methods.shipped import BarlowTwinsConfig, BarlowTwinsTraits
from headstart.objective import StepResult
from headstart.schema import Schema

__all__ = ["BarlowTwins", "BarlowTwinsConfig", "cross_correlation", "redundancy"]


class BarlowTwins(BarlowTwinsTraits, TwoViews):
    """The cross-correlation of two views' features must be the identity: each agrees with itself and with no other."""

    def __init__(self, backbone: Backbone, config: Schema, *, images: int, generator: torch.Generator) -> None:
        super().__init__(backbone, config, images=images, generator=generator)
        assert isinstance(config, BarlowTwinsConfig)
        self.config = config
        hidden, outputs = (wide(given, backbone.dim, 4) for given in (config.hidden, config.outputs))
        with seeded_init(generator):
            # Centring takes away a bias of the last layer.
            self.projector = mlp((backbone.dim, hidden, hidden, outputs), last_bias=False)

    def step(self, batch: Batch) -> StepResult:
        correlation = cross_correlation(*self.projections(batch))
        known, count = correlation.detach(), len(correlation)
        metrics = {
            "on_diagonal": known.diagonal().mean(),
            "off_diagonal": (off_diagonal(known).square().sum() / max(1, count * (count - 1))).sqrt(),
        }
        return StepResult(redundancy(correlation, self.config.redundancy), metrics)


def cross_correlation(first: Tensor, second: Tensor) -> Tensor:
    """Correlations ``[D, D]``, -1 to 1, of features of ``first [B, D]`` with those of ``second [B, D]`` over the batch.

    Zbontar et al. (2021), eq. 2, with features centred over the batch; one that is constant correlates with nothing.
    """
    with full_precision(first):
        standardised, other = (F.normalize(features - features.mean(dim=0), dim=0) for features in (first, second))
        return standardised.T @ other


def redundancy(correlation: Tensor, weight: float) -> Tensor:
    """How far ``correlation [D, D]`` is from the identity: squares on the diagonal, plus ``weight`` of those off it.

    Sums, not means (Zbontar et al., 2021, eq. 1).
    """
    with full_precision(correlation):
        agreement = (1 - correlation.diagonal()).square().sum()
        return agreement + weight * off_diagonal(correlation).square().sum()
