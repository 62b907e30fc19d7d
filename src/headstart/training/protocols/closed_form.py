"""Protocols without steps, on saved features of frozen backbones: nearest neighbours and logistic regression."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from headstart.backbones.base import Features
from headstart.training.features import Standardise
from headstart.training.precision import full_precision
from headstart.training.protocols.base import LabelledRun, Setup, Supervised
from headstart.training.protocols.traits import KnnConfig, LogisticConfig

__all__ = ["knn", "logistic"]

IMPOSSIBLE = -1e4
"""The logit of a class that no labelled image has: never the largest, and still finite."""


class Neighbours(nn.Module):
    """Votes of the ``k`` most similar known features (cosine), each weighing ``exp(similarity / temperature)``."""

    known: Tensor
    votes: Tensor

    def __init__(self, known: Tensor, labels: Tensor, outputs: int, config: KnnConfig) -> None:
        """known: ``[N, D]``; labels: int64 ``[N]``."""
        super().__init__()
        self.config = config
        self.register_buffer("known", F.normalize(known, dim=1))
        self.register_buffer("votes", F.one_hot(labels.long(), outputs).float())

    def forward(self, features: Features) -> Tensor:
        """Log shares of votes ``[B, outputs]``."""
        with full_precision(self.known.device):
            similarity = F.normalize(features.pooled.float(), dim=1) @ self.known.T
        nearest, rows = similarity.topk(min(self.config.neighbours, len(self.known)), dim=1)
        weights = F.softmax(nearest / self.config.temperature, dim=1)
        shares = (weights[:, :, None] * self.votes[rows]).sum(dim=1)
        return shares.clamp_min(1e-12).log()


def knn(run: LabelledRun) -> Setup:
    assert isinstance(run.config, KnnConfig)
    known = _standardised(run)
    neighbours = Neighbours(known[1], run.target, run.task.outputs, run.config)
    return Setup(Supervised(run.backbone, nn.Sequential(known[0], neighbours), run.task))


def logistic(run: LabelledRun) -> Setup:
    """scikit-learn's logistic regression on standardised features, as the linear layer that it amounts to."""
    assert isinstance(run.config, LogisticConfig)
    standardise, known = _standardised(run)
    layer = _logistic_layer(known.cpu(), run.target.cpu(), run.task.outputs, run.config)
    head = nn.Sequential(standardise, _Pooled(layer))
    return Setup(Supervised(run.backbone, head, run.task))


def _standardised(run: LabelledRun) -> tuple[Standardise, Tensor]:
    """What standardises features by the labelled images' statistics, and theirs ``[N, D]`` after it."""
    known = run.features().images
    standardise = Standardise(known).to(known.device)
    pooled: Tensor = standardise(Features(known.mean(dim=(2, 3)), known)).pooled
    return standardise, pooled


class _Pooled(nn.Module):
    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, features: Features) -> Tensor:
        with full_precision(features.pooled.device):
            output: Tensor = self.layer(features.pooled.float())
        return output


def _logistic_layer(known: Tensor, labels: Tensor, outputs: int, config: LogisticConfig) -> nn.Linear:
    # Imported on first use: scikit-learn takes a second to load in every process, and most never fit one.
    from sklearn.linear_model import LogisticRegression

    layer = nn.Linear(known.shape[1], outputs).requires_grad_(False)
    layer.weight.zero_()
    layer.bias.fill_(IMPOSSIBLE)
    present = torch.unique(labels)
    if len(present) == 1:
        layer.bias[present] = 0.0
        return layer
    fitted = LogisticRegression(C=config.strength, max_iter=config.max_iterations).fit(known.numpy(), labels.numpy())
    weight, bias = torch.from_numpy(fitted.coef_).float(), torch.from_numpy(fitted.intercept_).float()
    if len(present) == 2:  # scikit-learn keeps one row, the second label's against the first
        weight, bias = torch.cat([torch.zeros_like(weight), weight]), torch.cat([torch.zeros_like(bias), bias])
    layer.weight[present], layer.bias[present] = weight, bias
    return layer
