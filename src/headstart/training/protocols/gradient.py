"""Protocols that take steps: fine-tuning, and probes that learn on frozen features."""

from torch import nn

from headstart.training.features import Precomputed, Standardise
from headstart.training.protocols.base import LabelledRun, Setup, Supervised

__all__ = ["finetune", "linear", "mlp"]


def finetune(run: LabelledRun) -> Setup:
    """All weights learn, from images augmented as far as the task allows."""
    model = Supervised(run.backbone, run.head(run.backbone), run.task)
    return Setup(model, model, run.loader(run.labelled, run.task.augment(run.augment)))


def linear(run: LabelledRun) -> Setup:
    """One linear layer learns."""
    return _probe(run, mlp=False)


def mlp(run: LabelledRun) -> Setup:
    """Two layers learn."""
    return _probe(run, mlp=True)


def _probe(run: LabelledRun, mlp: bool) -> Setup:
    """A head learns on frozen features.

    Images are not augmented: their features are constants then, computed once, where augmenting would cost a forward
    pass per step. Features are standardised by the labelled images' own statistics. The head takes the steps of the
    configuration, like any other.
    """
    known = run.features()
    frozen = Precomputed(known.channels)
    standardise = Standardise(known.images, per_location=run.task.per_location)
    head = nn.Sequential(standardise, run.head(frozen, mlp))
    return Setup(Supervised(run.backbone, head, run.task), Supervised(frozen, head, run.task), run.loader(known, None))
