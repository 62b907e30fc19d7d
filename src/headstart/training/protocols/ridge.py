"""The protocol that solves for its head at once, for whole images and for maps: ridge regression on frozen features."""

from torch import Tensor, nn

from headstart.backbones.base import Features
from headstart.tasks.heads import DenseHead, PooledHead
from headstart.training.features import Precomputed, Standardise
from headstart.training.least_squares import Rows, fit_ridge
from headstart.training.precision import full_precision
from headstart.training.protocols.base import LabelledRun, Setup, Supervised
from headstart.training.protocols.traits import RidgeConfig

__all__ = ["ridge"]


def ridge(run: LabelledRun) -> Setup:
    """Outputs nearest, in squares, to those that the task calls ideal, from standardised features."""
    assert isinstance(run.config, RidgeConfig)
    task, per_location = run.task, run.task.per_location
    known = run.features()
    standardise = Standardise(known.images, per_location=per_location).to(known.device)
    features = standardise(Precomputed(known.channels)(known.images))
    rows = Rows(_read(features, per_location), run.target, lambda target: _as_maps(task.ideal(target)))
    weight, bias, _ = fit_ridge(rows, run.config.strengths)
    solved = _InFull(_head(weight.float(), bias.float(), per_location))
    return Setup(Supervised(run.backbone, nn.Sequential(standardise, solved), task))


def _head(weight: Tensor, bias: Tensor, per_location: bool) -> nn.Module:
    """One linear layer of these weights ``[C, D]``, as a task has it."""
    outputs, dim = weight.shape
    layer = nn.Conv2d(dim, outputs, 1) if per_location else nn.Linear(dim, outputs)
    layer.requires_grad_(False)
    layer.weight.copy_(weight.view_as(layer.weight))
    assert layer.bias is not None
    layer.bias.copy_(bias)
    return DenseHead(layer) if per_location else PooledHead(layer)


def _read(features: Features, per_location: bool) -> Tensor:
    """What a head reads, as maps."""
    return features.dense if per_location else _as_maps(features.pooled)


def _as_maps(values: Tensor) -> Tensor:
    """``[N, C]`` as ``[N, C, 1, 1]``."""
    return values if values.ndim == 4 else values[:, :, None, None]


class _InFull(nn.Module):
    """A head as precise as its weights, whatever the pass around it does."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head

    def forward(self, features: Features) -> Tensor:
        with full_precision(features.pooled.device):
            output: Tensor = self.head(Features(features.pooled.float(), features.dense.float()))
        return output
