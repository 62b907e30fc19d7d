"""The options of a training run."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from headstart.schema import Schema
from headstart.training.precision import Precision

__all__ = ["ClosedForm", "OptimizerConfig", "SupervisedConfig", "TrainConfig"]

Fraction = Annotated[float, Field(ge=0, le=1)]
PositiveInt = Annotated[int, Field(ge=1)]
Decay = Annotated[float, Field(ge=0, lt=1)]


class OptimizerConfig(Schema):
    """How weights move. The defaults are the study's: Adam(0.8, 0.999), linear warm-up to 1e-3, then down to 1e-6.

    batch_size: images a step. lr: peak learning rate. lr_end: the last one. warmup: fraction of all steps before the
    peak. weight_decay: of all weights; added to the gradient by ``adam``, applied to the weight by ``adamw``.
    precision: of the forward pass; ``auto`` is bf16 where the hardware has it natively.
    """

    batch_size: int = Field(default=64, ge=1)
    lr: float = Field(default=1e-3, gt=0)
    lr_end: float = Field(default=1e-6, ge=0)
    warmup: Fraction = 0.05
    weight_decay: float = Field(default=1e-5, ge=0)
    optimizer: Literal["adam", "adamw"] = "adam"
    betas: tuple[Decay, Decay] = (0.8, 0.999)
    epsilon: float = Field(default=1e-8, gt=0)
    precision: Precision = "auto"

    @model_validator(mode="after")
    def _check_rates(self) -> Self:
        if self.lr_end > self.lr:
            raise ValueError(f"lr_end is {self.lr_end} and lr, the peak, is {self.lr}: lower lr_end or raise lr")
        return self


class TrainConfig(OptimizerConfig):
    """An optimiser, how many steps it takes, and on what.

    devices: processes that share each batch, in equal parts: one per GPU, or per some cores of a CPU.
    """

    steps: int = Field(ge=1)
    devices: PositiveInt = 1

    @model_validator(mode="after")
    def _check_parts(self) -> Self:
        if self.batch_size % self.devices:
            raise ValueError(
                f"batch_size is {self.batch_size} and has no equal parts for {self.devices} devices: make "
                f"pretrain.batch_size a multiple of pretrain.devices"
            )
        return self


class SupervisedConfig(OptimizerConfig):
    """How a network or head learns from n labels, the same for every arm: ``epochs``, but at least ``min_steps``."""

    min_steps: PositiveInt = 200
    epochs: Annotated[float, Field(ge=0)] = 0

    def for_labels(self, labels: int) -> TrainConfig:
        """The training of one run with ``labels`` labels."""
        steps = max(self.min_steps, -int(-self.epochs * labels // self.batch_size))
        return TrainConfig(steps=steps, **self.model_dump(include=set(OptimizerConfig.model_fields)))


class ClosedForm(Schema):
    """Options of what is computed from labelled features at once, without steps.

    precision: of the forward pass that makes the features.
    """

    precision: Precision = "auto"

    @property
    def steps(self) -> int:
        """None are taken."""
        return 0

    def for_labels(self, labels: int) -> Self:
        """Itself, however many labels."""
        del labels
        return self
