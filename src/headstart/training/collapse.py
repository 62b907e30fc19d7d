"""Whether a backbone tells images apart: how far its features spread, in how many directions, and until when."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from headstart.backbones.base import Backbone
from headstart.data.dataset import ImageSet
from headstart.training.features import extract_features
from headstart.training.precision import Precision

__all__ = ["RANK", "SPREAD", "collapsed_since", "effective_rank", "is_collapsed", "spread"]

SMALLEST_SPREAD = 1e-2
"""Networks that learned, or were merely initialised, stay above 0.05; one that is told to answer every image alike ends
at 0.004 to 0.009 (400 steps of a narrow ResNet9), because noise in its batches keeps it from 0."""
SPREAD, RANK = "feature_spread", "effective_rank"
"""What the two are called in a run's history."""


def spread(features: Tensor) -> Tensor:
    """How much rows of ``[N, D]`` differ: the deviation around their mean relative to their length, 0 (equal) to 1."""
    length = features.square().sum(dim=1).mean()
    around = (features - features.mean(dim=0)).square().sum(dim=1).mean()
    return (around / length.clamp_min(1e-12)).sqrt()


def effective_rank(features: Tensor) -> Tensor:
    """RankMe of ``[N, D]``: in how many directions features lie, 1 to min(N, D) (Garrido et al., 2023, eq. 1–2).

    The exponential of the entropy of singular values as shares of their sum. N should be well above D. NaN where a
    feature is not finite.
    """
    if not torch.isfinite(features).all():
        return torch.full((), torch.nan, device=features.device)
    values = torch.linalg.svdvals(features.float())
    shares = values / values.sum().clamp_min(1e-12) + 1e-7
    return torch.exp(-(shares * shares.log()).sum())


def is_collapsed(backbone: Backbone, images: ImageSet, precision: Precision = "auto") -> bool:
    """Whether all of ``images``, which must differ, come out as one (Jing et al., 2022).

    >>> is_collapsed(backbone, dataset.train.first(256))  # doctest: +SKIP
    False
    """
    return bool(spread(extract_features(backbone, images, precision=precision)) < SMALLEST_SPREAD)


def collapsed_since(history: Sequence[Mapping[str, float]]) -> int | None:
    """The step from which on features had no spread until the end of a run, or ``None`` if they had some at the end.

    history: rows of ``step`` and, where it was measured, ``feature_spread``.

    >>> spreads = [(100, 0.4), (200, 0.002), (300, 0.001)]
    >>> collapsed_since([{"step": step, "feature_spread": spread} for step, spread in spreads])
    200
    """
    since = None
    for row in history:
        if SPREAD in row:
            flat = row[SPREAD] < SMALLEST_SPREAD
            since = (int(row["step"]) if since is None else since) if flat else None
    return since
