"""The configuration of a study: one YAML file that names everything that can change its numbers."""

from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, Field, SerializeAsAny, field_validator, model_validator

from headstart.backbones import BACKBONES
from headstart.backbones.matching import match_parameters
from headstart.data.sources import SOURCES, Source
from headstart.data.transforms.augment import AugmentConfig
from headstart.data.transforms.color import Color
from headstart.errors import ConfigError
from headstart.methods import METHODS
from headstart.registry import lookup
from headstart.schema import Schema, apply_override, validate
from headstart.tasks import TASKS
from headstart.training import PROTOCOLS, ClosedForm, SupervisedConfig, TrainConfig, check_fits

__all__ = [
    "BackboneChoice",
    "MethodChoice",
    "StudyConfig",
    "UtilityConfig",
    "dump_yaml",
    "load_study",
]

RECIPES = Path(__file__).parents[2] / "recipes"
PositiveInt = Annotated[int, Field(ge=1)]


def _as_source(value: Any) -> Any:
    """The keys of ``dataset:`` as the source that its ``source`` key names."""
    if not isinstance(value, dict):
        return value
    keys = dict(value)
    name = keys.pop("source", "synthetic")
    return validate(lookup(SOURCES, "source", str(name)), keys, f"dataset ({name})")


DatasetChoice = Annotated[SerializeAsAny[Source], BeforeValidator(_as_source)]


def _as_protocols(value: Any) -> Any:
    """The keys below each name in ``protocols:`` as that protocol's own options."""
    if not isinstance(value, dict):
        return value
    return {
        name: validate(lookup(PROTOCOLS, "protocol", str(name)).Config, keys or {}, f"protocols.{name}")
        if isinstance(keys, dict | None)
        else keys
        for name, keys in value.items()
    }


ProtocolOptions = SerializeAsAny[SupervisedConfig | ClosedForm]
ProtocolChoices = Annotated[dict[str, ProtocolOptions], BeforeValidator(_as_protocols)]


class BackboneChoice(Schema):
    """A backbone's name and its own options.

    match_parameters: another backbone (a name, or name and options) whose number of parameters this one shall have: the
    size that comes nearest joins ``options``, and this key is gone once it did.
    """

    name: str = "resnet9"
    options: dict[str, Any] = {}
    match_parameters: Annotated[Any, Field(exclude=True)] = None

    @model_validator(mode="before")
    @classmethod
    def _match(cls, values: Any) -> Any:
        if not isinstance(values, dict) or values.get("match_parameters") is None:
            return values
        told, name = values["match_parameters"], str(values.get("name", "resnet9"))
        other = validate(cls, told if isinstance(told, dict) else {"name": told}, "backbone.match_parameters")
        options = match_parameters(name, dict(values.get("options") or {}), other.name, other.options)
        return {key: value for key, value in values.items() if key != "match_parameters"} | {"options": options}

    @model_validator(mode="after")
    def _check(self) -> "BackboneChoice":
        validate(lookup(BACKBONES, "backbone", self.name).Config, self.options, f"backbone ({self.name})")
        return self

    @property
    def label(self) -> str:
        """Name and options, as tables call it: ``resnet9 width=16``."""
        return " ".join([self.name, *(f"{key}={value}" for key, value in sorted(self.options.items()))])


class MethodChoice(Schema):
    """Options of a pretext method, and what differs from the common pretraining settings and augmentations.

    augment: switches that overrule both the study's and those that the method leaves off or brings.
    """

    options: dict[str, Any] = {}
    train: dict[str, Any] = {}
    augment: dict[str, bool] = {}


class UtilityConfig(Schema):
    """How utility is read off the curves."""

    interpolation: Literal["log", "reference"] = "log"
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    draws: Annotated[int, Field(ge=100)] = 2000


class StudyConfig(Schema):
    """One study, one report.

    budgets: labels per run, ascending. trials: seeds of label draw and initialisation. pretrain_seeds: independent
    pretrainings per method, dealt to the trials in turn. pretrain_dataset: where pretraining's images come from;
    default: the training split of ``dataset``, labels unseen. color: what networks see, ``auto`` being Lab where images
    have three channels, and else images as they are. augment: of every arm, less what a method or a task does
    not bear. controls: what else to measure beside scratch, so that a number can be read: ``random``, frozen random
    features under every protocol that freezes the backbone; ``blind``, the best constant guess.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*$")]
    title: str = ""
    seed: int = 0
    dataset: DatasetChoice
    pretrain_dataset: DatasetChoice | None = None
    color: Color = "auto"
    augment: AugmentConfig = AugmentConfig()
    backbone: BackboneChoice = BackboneChoice()
    tasks: tuple[str, ...] = ("classification",)
    methods: dict[str, MethodChoice]
    controls: tuple[Literal["random", "blind"], ...] = ("random", "blind")
    protocols: ProtocolChoices
    pretrain: TrainConfig
    budgets: tuple[PositiveInt, ...]
    trials: PositiveInt = 3
    pretrain_seeds: PositiveInt = 1
    utility: UtilityConfig = UtilityConfig()

    @field_validator("budgets")
    @classmethod
    def _ascending(cls, budgets: tuple[int, ...]) -> tuple[int, ...]:
        if len(budgets) < 2 or list(budgets) != sorted(set(budgets)):
            raise ValueError(f"{list(budgets)} must be at least two different budgets in ascending order")
        return budgets

    @model_validator(mode="after")
    def _check_names(self) -> "StudyConfig":
        for task in self.tasks:
            lookup(TASKS, "task", task)
        for protocol, task in product(self.protocols, self.tasks):
            check_fits(PROTOCOLS[protocol], TASKS[task])
        if "finetune" not in self.protocols:
            raise ValueError(
                "protocols needs 'finetune': the scratch curve that utility is read from is trained with it"
            )
        for name, choice in self.methods.items():
            validate(lookup(METHODS, "method", name).Config, choice.options, f"methods.{name}.options")
            self.pretraining(name)
            self.augmentation(name)
            if self.color != "auto" and self.color not in METHODS[name].colors:
                raise ValueError(
                    f"method '{name}' works in {' or '.join(sorted(METHODS[name].colors))} and not in {self.color}, "
                    f"because it needs {METHODS[name].why_colors}: change color, or leave the method out"
                )
        return self

    @property
    def pretrain_source(self) -> Source:
        """Where pretraining's images come from."""
        return self.pretrain_dataset or self.dataset

    def pretraining(self, method: str) -> TrainConfig:
        """The common pretraining settings with the method's own on top."""
        values = self.pretrain.model_dump() | self.methods[method].train
        return validate(TrainConfig, values, f"methods.{method}.train")

    def augmentation(self, method: str) -> AugmentConfig:
        """What happens to a method's images: the study's, as the method bears it, and the method's own on top."""
        values = METHODS[method].augment(self.augment).model_dump() | self.methods[method].augment
        return validate(AugmentConfig, values, f"methods.{method}.augment")


def load_study(recipe: str | Path, overrides: list[str] | None = None) -> StudyConfig:
    """A recipe's name or a YAML file, with ``key=value`` overrides (dotted keys, YAML values), checked."""
    path = _recipe_path(recipe)
    values = _read_yaml(path)
    values.setdefault("name", path.stem)
    for override in overrides or []:
        apply_override(values, override)
    return validate(StudyConfig, values, str(recipe))


def dump_yaml(config: Schema) -> str:
    """The resolved configuration, every default written out."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def recipe_names() -> list[str]:
    """Recipes in the package, as ``study run`` takes them."""
    return sorted(path.relative_to(RECIPES).with_suffix("").as_posix() for path in RECIPES.rglob("*.yaml"))


def _recipe_path(recipe: str | Path) -> Path:
    shipped = RECIPES / f"{recipe}.yaml"
    if shipped.exists():
        return shipped
    path = Path(recipe).expanduser()
    if path.is_file():
        return path
    raise ConfigError(
        f"'{recipe}' is neither a recipe nor a file: choose {', '.join(recipe_names())}, or give a YAML file's path"
    )


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is no readable YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold keys and values, not {type(values).__name__}")
    return values
