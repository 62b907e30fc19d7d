"""Whether a backbone tells images apart at all."""

from torch import Tensor

from headstart.backbones.base import Backbone
from headstart.training.features import extract_features
from headstart.training.precision import Precision

__all__ = ["SMALLEST_SPREAD", "is_collapsed", "spread"]

SMALLEST_SPREAD = 1e-3
"""Far above rounding (1e-7 in float32), far below any network that learned or was merely initialised (above 0.05)."""


def spread(features: Tensor) -> float:
    """How much rows of ``[N, D]`` differ: the deviation around their mean relative to their length, 0 (equal) to 1."""
    length = features.square().sum(dim=1).mean()
    around = (features - features.mean(dim=0)).square().sum(dim=1).mean()
    return float((around / length.clamp_min(1e-12)).sqrt())


def is_collapsed(backbone: Backbone, images: Tensor, precision: Precision = "auto") -> bool:
    """Whether all of prepared ``images [N, C, H, W]``, which must differ, come out as one (Jing et al., 2022)."""
    return spread(extract_features(backbone, images, precision=precision)) < SMALLEST_SPREAD
