"""What a protocol is, and those that ship: known without torch, which is loaded when one of them prepares a model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from headstart.lazy import Later
from headstart.space import Space
from headstart.training.config import ClosedForm, SupervisedConfig, TrainConfig

if TYPE_CHECKING:
    from headstart.training.protocols.base import LabelledRun, Setup

__all__ = [
    "FINETUNE",
    "KNN",
    "LINEAR",
    "LOGISTIC",
    "MLP",
    "RIDGE",
    "KnnConfig",
    "LogisticConfig",
    "Protocol",
    "RidgeConfig",
    "Settings",
]

Settings = TrainConfig | ClosedForm
"""A protocol's options for one number of labels."""


class KnnConfig(ClosedForm):
    """neighbours: k, no more than there are labels. temperature: of similarities (Wu et al., 2018)."""

    neighbours: Annotated[int, Space.log(1, 100, about="labelled images that vote")] = Field(default=20, ge=1)
    temperature: Annotated[float, Space.log(0.01, 1.0, about="temperature")] = Field(default=0.07, gt=0)


class LogisticConfig(ClosedForm):
    """strength: C, the inverse of the L2 penalty's weight. max_iterations: of the L-BFGS solver."""

    strength: Annotated[float, Space.log(1e-3, 1e3, about="inverse of the penalty")] = Field(default=1.0, gt=0)
    max_iterations: int = Field(default=1000, ge=1)


class RidgeConfig(ClosedForm):
    """strengths: factors of the squared weights of standardised features, beside the mean squared error.

    The one is taken that does best on labelled images that are left out in turn, or the largest for a single image.
    """

    strengths: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (
        1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3,
    )  # fmt: skip


@dataclass(frozen=True)
class Protocol:
    """name, and a ``summary`` in one line. Config: the class of its options, with ``for_labels(n)``.

    frozen: whether the backbone stays as it is: in eval mode, so that neither weights nor batch-norm statistics move.
    Such a protocol learns from ``LabelledRun.features`` and from nothing else of the images or the backbone.
    per_location: whether it also answers tasks that ask about every pixel. prepare: does what the protocol is about.
    least_squares: whether it takes tasks alone that say what outputs should be (``Task.ideal``), and fits these.
    libraries: packages besides torch whose arithmetic the numbers are; their versions count as part of a run.
    """

    name: str
    summary: str
    Config: type[SupervisedConfig] | type[ClosedForm]
    frozen: bool
    per_location: bool
    prepare: "Callable[[LabelledRun], Setup]"
    least_squares: bool = False
    libraries: tuple[str, ...] = ()


FINETUNE = Protocol(
    "finetune",
    "All weights learn from augmented images.",
    SupervisedConfig,
    frozen=False,
    per_location=True,
    prepare=Later("headstart.training.protocols.gradient:finetune"),
)
LINEAR = Protocol(
    "linear",
    "One linear layer learns on frozen features.",
    SupervisedConfig,
    frozen=True,
    per_location=True,
    prepare=Later("headstart.training.protocols.gradient:linear"),
)
MLP = Protocol(
    "mlp",
    "Two layers with batch norm between learn on frozen features.",
    SupervisedConfig,
    frozen=True,
    per_location=True,
    prepare=Later("headstart.training.protocols.gradient:mlp"),
)
KNN = Protocol(
    "knn",
    "Nearest neighbours among the labelled images' frozen features.",
    KnnConfig,
    frozen=True,
    per_location=False,
    prepare=Later("headstart.training.protocols.closed_form:knn"),
)
LOGISTIC = Protocol(
    "logistic",
    "Logistic regression on saved features of the labelled images.",
    LogisticConfig,
    frozen=True,
    per_location=False,
    prepare=Later("headstart.training.protocols.closed_form:logistic"),
    libraries=("scikit-learn",),
)
RIDGE = Protocol(
    "ridge",
    "Ridge regression on saved features, of whole images or maps.",
    RidgeConfig,
    frozen=True,
    per_location=True,
    prepare=Later("headstart.training.protocols.ridge:ridge"),
    least_squares=True,
)
