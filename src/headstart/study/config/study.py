"""The configuration of a study: everything that can change its numbers."""

from itertools import product
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from headstart.backbones.shipped import PatchesConfig
from headstart.data.batches.budgets import in_labels
from headstart.data.sources import Source
from headstart.data.transforms.config import AugmentConfig, Color, ColorSpace
from headstart.methods import METHODS
from headstart.registry import lookup_traits
from headstart.schema import Schema, validate
from headstart.study.config.arms import REFERENCE, SCRATCH, ArmConfig, ArmConfigs
from headstart.study.config.choices import BackboneChoice, DatasetChoice, ProtocolChoices
from headstart.study.config.numbers import AdaptiveConfig, UtilityConfig
from headstart.tasks import TASKS
from headstart.training.config import ClosedForm, SupervisedConfig, TrainConfig
from headstart.training.protocols import PROTOCOLS, check_fits

__all__ = ["AdaptiveConfig", "StudyConfig", "UtilityConfig"]

PositiveInt = Annotated[int, Field(ge=1)]
METHODS_MOVED = (
    "'methods' is called 'arms' now, each with a name of its own, and what it has of 'train' is called 'pretrain': "
    "write arms: {rotation: {pretrain: {steps: 2000}}}"
)


class StudyConfig(Schema):
    """One study, one report.

    arms: what is compared, by name; ``scratch``, random weights, is one of them unless another is the baseline.
    baseline: the arm that utility is measured against. budgets: labels per run, ascending; ``1%`` is a share of the
    training split. baseline_budgets: further ones, of the baseline fine-tuned alone: utility is read off its curve, and
    reaches as far as that does. labels_by: ``group`` draws whole groups of images, patients or scenes, where the
    dataset tells them; a budget still counts images (see ``label_order``). trials: seeds of label draw and
    initialisation; ``auto``: as many as it takes, within what ``adaptive`` says. pretrain_seeds: independent
    pretrainings per arm, dealt to the trials in turn. pretrain: how methods learn; an arm may overrule it.
    pretrain_dataset: where pretraining's images come from; default: the training split of ``dataset``, labels unseen.
    augment: of every arm, less what a method or a task does not bear. controls: what else to measure, so that a number
    can be read: ``random``, frozen random features under every protocol that freezes the backbone; ``patches``,
    features that k-means finds in patches of pretraining's images, under the same protocols; ``blind``, the best
    constant guess; ``doubled``, the baseline with twice its steps, where these are fixed. patches: options of that
    control. color: ``auto`` is Lab where images have three channels. device: where all is computed; ``auto`` is CUDA
    where there is one. What is ``auto`` is decided once, when a study is planned. minutes: what it is meant to take;
    where a machine needs more, that is said before it starts.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*$")]
    title: str = ""
    minutes: Annotated[float, Field(gt=0)] | None = None
    seed: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    dataset: DatasetChoice
    pretrain_dataset: DatasetChoice | None = None
    color: Color = "auto"
    augment: AugmentConfig = AugmentConfig()
    backbone: BackboneChoice = BackboneChoice()
    tasks: tuple[str, ...] = ("classification",)
    arms: ArmConfigs
    baseline: str = SCRATCH
    controls: tuple[Literal["random", "patches", "blind", "doubled"], ...] = ("random", "blind", "doubled")
    patches: PatchesConfig = PatchesConfig()
    protocols: ProtocolChoices
    pretrain: TrainConfig | None = None
    budgets: tuple[PositiveInt, ...]
    baseline_budgets: tuple[PositiveInt, ...] = ()
    labels_by: Literal["image", "group"] = "image"
    trials: PositiveInt | Literal["auto"] = 3
    adaptive: AdaptiveConfig = AdaptiveConfig()
    pretrain_seeds: PositiveInt = 1
    utility: UtilityConfig = UtilityConfig()

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: Any) -> Any:
        """Scratch joins the arms where it is the baseline."""
        if not isinstance(values, dict):
            return values
        if "methods" in values:
            raise ValueError(METHODS_MOVED)
        arms = values.get("arms")
        if isinstance(arms, dict) and values.get("baseline", SCRATCH) == SCRATCH and SCRATCH not in arms:
            return values | {"arms": {SCRATCH: {}, **arms}}
        return values

    @field_validator("budgets", "baseline_budgets", mode="before")
    @classmethod
    def _in_labels(cls, budgets: Any, info: ValidationInfo) -> Any:
        """Shares of the training split, such as ``1%``, as numbers of labels."""
        source = info.data.get("dataset")
        if source is None or not isinstance(budgets, list | tuple):
            return budgets
        return [in_labels(budget, source.info().counts["train"]) for budget in budgets]

    @field_validator("budgets")
    @classmethod
    def _ascending(cls, budgets: tuple[int, ...]) -> tuple[int, ...]:
        if len(budgets) < 2 or list(budgets) != sorted(set(budgets)):
            raise ValueError(f"{list(budgets)} must be at least two different budgets in ascending order")
        return budgets

    @field_validator("baseline_budgets")
    @classmethod
    def _beside(cls, further: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        return tuple(sorted(set(further) - set(info.data.get("budgets", ()))))

    @field_validator("tasks")
    @classmethod
    def _once(cls, tasks: tuple[str, ...]) -> tuple[str, ...]:
        if not tasks:
            raise ValueError(f"names none: choose one or more of {', '.join(TASKS)}")
        if twice := [task for task in tasks if tasks.count(task) > 1]:
            raise ValueError(f"names '{twice[0]}' more than once: name each task once")
        return tasks

    @model_validator(mode="after")
    def _check_names(self) -> "StudyConfig":
        for task in self.tasks:
            lookup_traits(TASKS, "task", task)
        for protocol, task in product(self.protocols, self.tasks):
            check_fits(PROTOCOLS[protocol], TASKS.traits(task))
        if REFERENCE not in self.protocols:
            raise ValueError(
                f"protocols needs '{REFERENCE}': the baseline's curve that utility is read from is made with it"
            )
        if self.baseline not in self.arms:
            raise ValueError(f"baseline '{self.baseline}' is no arm: choose one of {', '.join(self.arms)}")
        return self

    @model_validator(mode="after")
    def _check_interpolation(self) -> "StudyConfig":
        """The original study's rule looks for the first budget that scores more, and an error is better where it is
        less."""
        errors = [task for task in self.tasks if not TASKS.traits(task).higher_is_better]
        if errors and self.utility.interpolation == "reference":
            raise ValueError(
                f"utility.interpolation 'reference' fits no error, which task '{errors[0]}' is judged by "
                f"({TASKS.traits(errors[0]).primary_metric}): use 'log', or leave the task out"
            )
        return self

    @model_validator(mode="after")
    def _check_arms(self) -> "StudyConfig":
        for name, arm in self.arms.items():
            if unknown := [protocol for protocol in arm.protocols if protocol not in self.protocols]:
                raise ValueError(
                    f"arms.{name}.protocols has '{unknown[0]}', which is none of this study's protocols "
                    f"({', '.join(self.protocols)}): add it to protocols, or leave it out here"
                )
            self.protocols_of(name)
            if arm.pretrains:
                self.pretraining(name)
                self.augmentation(name)
        return self

    @property
    def measured_budgets(self) -> tuple[int, ...]:
        """At which anything is measured, ascending, none twice."""
        return tuple(sorted((*self.budgets, *self.baseline_budgets)))

    @property
    def first_trials(self) -> int:
        """How many there are before any number is looked at."""
        return self.adaptive.first if self.trials == "auto" else self.trials

    @property
    def settled_device(self) -> Literal["cpu", "cuda"]:
        """Where all is computed, once that is decided."""
        assert self.device != "auto", "a study is settled before it is planned"
        return self.device

    @property
    def settled_color(self) -> ColorSpace:
        """What networks see of images, once that is decided."""
        assert self.color != "auto", "a study is settled before it is planned"
        return self.color

    @property
    def pretrain_source(self) -> Source:
        """Where pretraining's images come from."""
        return self.pretrain_dataset or self.dataset

    @property
    def pretrained_arms(self) -> dict[str, ArmConfig]:
        """The arms whose method learns before any label is used."""
        return {name: arm for name, arm in self.arms.items() if arm.pretrains}

    def backbone_of(self, arm: str) -> BackboneChoice:
        """The arm's own network, or the study's."""
        return self.arms[arm].backbone or self.backbone

    def pretraining(self, arm: str) -> TrainConfig:
        """The common pretraining settings with the arm's own on top."""
        overrides, where = self.arms[arm].pretrain, f"arms.{arm}.pretrain"
        if self.pretrain is None:
            return validate(TrainConfig, overrides.model_dump(), where)
        return overrides.over(self.pretrain, where)

    def augmentation(self, arm: str) -> AugmentConfig:
        """What happens to an arm's images while it pretrains: the study's, as the method bears it, and its own on
        top."""
        method = METHODS.traits(self.arms[arm].method)
        return self.arms[arm].augment.over(method.augment(self.augment), f"arms.{arm}.augment")

    def protocols_of(self, arm: str) -> dict[str, SupervisedConfig | ClosedForm]:
        """The study's protocols with the arm's own settings on top."""
        overrides = self.arms[arm].protocols
        return {
            name: overrides[name].over(options, f"arms.{arm}.protocols.{name}") if name in overrides else options
            for name, options in self.protocols.items()
        }
