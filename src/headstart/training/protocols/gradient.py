"""Protocols that take steps: fine-tuning, and probes that learn on frozen features."""

from torch import nn

from headstart.training.config import SupervisedConfig
from headstart.training.features import Precomputed, Standardise, feature_set
from headstart.training.protocols.base import LabelledRun, Protocol, Setup, Supervised

__all__ = ["FINETUNE", "LINEAR", "MLP"]


def _finetune(run: LabelledRun) -> Setup:
    """All weights learn, from images augmented as far as the task allows."""
    model = Supervised(run.backbone, run.head(run.backbone), run.task)
    return Setup(model, model, run.loader(run.labelled, run.task.augment(run.augment)))


def _probe(run: LabelledRun, mlp: bool) -> Setup:
    """A head learns on frozen features.

    Images are not augmented: their features are constants then, computed once, where augmenting would cost a forward
    pass per step. Features are standardised by the labelled images' own statistics. The head takes the steps of the
    configuration, like any other.
    """
    known = feature_set(run.backbone, run.labelled, per_location=run.task.per_location, precision=run.config.precision)
    frozen = Precomputed(known.channels)
    standardise = Standardise(known.images, per_location=run.task.per_location)
    head = nn.Sequential(standardise, run.head(frozen, mlp))
    return Setup(Supervised(run.backbone, head, run.task), Supervised(frozen, head, run.task), run.loader(known, None))


FINETUNE = Protocol(
    "finetune",
    "All weights learn from augmented images.",
    SupervisedConfig,
    frozen=False,
    per_location=True,
    prepare=_finetune,
)
LINEAR = Protocol(
    "linear",
    "One linear layer learns on frozen features.",
    SupervisedConfig,
    frozen=True,
    per_location=True,
    prepare=lambda run: _probe(run, mlp=False),
)
MLP = Protocol(
    "mlp",
    "Two layers with batch norm between learn on frozen features.",
    SupervisedConfig,
    frozen=True,
    per_location=True,
    prepare=lambda run: _probe(run, mlp=True),
)
