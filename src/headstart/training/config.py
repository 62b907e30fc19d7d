"""The options of a training run."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from headstart.schema import Schema
from headstart.space import Space
from headstart.training.precision import Precision

__all__ = ["ClosedForm", "OptimizerConfig", "SupervisedConfig", "TrainConfig"]

Fraction = Annotated[float, Field(ge=0, le=1)]
PositiveInt = Annotated[int, Field(ge=1)]
Decay = Annotated[float, Field(ge=0, lt=1)]


class OptimizerConfig(Schema):
    """How weights move. The defaults are the study's: Adam(0.8, 0.999), linear warm-up to 1e-3, then down to 1e-6.

    batch_size: images a step. lr: peak learning rate. lr_end: the last one. warmup: fraction of all steps before the
    peak. stable: fraction of all steps that stay on it; the rest falls. weight_decay: of all weights; added to the
    gradient by ``adam``, applied to the weight by ``adamw``. precision: of the forward pass; ``auto`` is bf16 where the
    hardware has it natively.
    """

    batch_size: Annotated[int, Space.choice(8, 16, 32, 64, 128, about="images a step")] = Field(default=64, ge=1)
    lr: Annotated[float, Space.log(1e-4, 1e-2, about="peak learning rate")] = Field(default=1e-3, gt=0)
    lr_end: float = Field(default=1e-6, ge=0)
    warmup: Fraction = 0.05
    stable: Annotated[Fraction, Space.uniform(0.0, 0.9, about="share of steps on the peak")] = 0.0
    weight_decay: Annotated[float, Space.log(1e-6, 0.5, about="weight decay")] = Field(default=1e-5, ge=0)
    optimizer: Literal["adam", "adamw"] = "adam"
    betas: tuple[Decay, Decay] = (0.8, 0.999)
    epsilon: float = Field(default=1e-8, gt=0)
    precision: Precision = "auto"

    @model_validator(mode="after")
    def _check_rates(self) -> Self:
        if self.lr_end > self.lr:
            raise ValueError(f"lr_end is {self.lr_end} and lr, the peak, is {self.lr}: lower lr_end or raise lr")
        if self.warmup + self.stable > 1:
            raise ValueError(
                f"warmup is {self.warmup} and stable {self.stable} of all steps, which are more than all: lower one"
            )
        return self


class TrainConfig(OptimizerConfig):
    """An optimiser, how many steps it takes, and on what.

    devices: processes that share each batch, in equal parts: one per GPU, or per some cores of a CPU.
    """

    steps: Annotated[int, Space.log(250, 8000, about="steps of pretraining")] = Field(ge=1)
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
    """How a network or head learns from n labels, for as many steps in every arm.

    steps: how many, or ``auto``: doubled from ``first_steps``, to ``max_steps`` at most, until that moves no arm's mean
    validation score by ``tolerance`` (in the metric's units: 0.01 is a point of accuracy) or by more than its noise.
    min_steps, epochs: steps that grow with labels in place of ``steps``: so many passes over them, but at least
    ``min_steps``. Default: ``auto``, unless one of these two is given.
    """

    steps: Literal["auto"] | PositiveInt | None = None
    first_steps: PositiveInt = 200
    max_steps: PositiveInt = 6400
    tolerance: Annotated[float, Field(gt=0)] = 0.01
    min_steps: PositiveInt | None = None
    epochs: Annotated[float, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _check_steps(self) -> Self:
        if self.steps is not None and (self.min_steps or self.epochs):
            raise ValueError(
                "steps says how many there are, and so do min_steps and epochs: leave one or the other out"
            )
        if self.max_steps < 2 * self.first_steps:
            raise ValueError(
                f"max_steps is {self.max_steps} and first_steps is {self.first_steps}, which could not be doubled: "
                "raise max_steps or lower first_steps"
            )
        return self

    @property
    def finds_steps(self) -> bool:
        """Whether a study finds out how many steps are enough."""
        return self.steps == "auto" or (self.steps is None and not self.min_steps and not self.epochs)

    def for_labels(self, labels: int, steps: int | None = None) -> TrainConfig:
        """The training of one run with ``labels`` labels. steps: how many, where the configuration leaves that open."""
        chosen = steps or self._steps(labels)
        return TrainConfig(steps=chosen, **self.model_dump(include=set(OptimizerConfig.model_fields)))

    def _steps(self, labels: int) -> int:
        assert not self.finds_steps, "steps that are to be found are not known from the number of labels"
        if isinstance(self.steps, int):
            return self.steps
        return max(self.min_steps or 1, -int(-self.epochs * labels // self.batch_size))


class ClosedForm(Schema):
    """Options of what is computed from labelled features at once, without steps.

    precision: of the forward pass that makes the features.
    """

    precision: Precision = "auto"

    @property
    def steps(self) -> int:
        """None are taken."""
        return 0

    @property
    def finds_steps(self) -> bool:
        """Never, for it takes none."""
        return False

    def for_labels(self, labels: int, steps: int | None = None) -> Self:
        """Itself, however many labels."""
        del labels, steps
        return self
