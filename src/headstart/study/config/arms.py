"""The arms of a study: named ways for a network to start, each with settings of its own."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, SerializeAsAny, field_validator, model_validator

from headstart.data.transforms.config import AugmentConfig
from headstart.methods import METHODS
from headstart.registry import lookup, lookup_traits
from headstart.schema import Overrides, Schema, overrides_of, overriding, validate
from headstart.study.config.choices import BackboneChoice, InputConfig, WeightsConfig
from headstart.training.config import TrainConfig
from headstart.training.protocols import PROTOCOLS

__all__ = [
    "BLIND",
    "DOUBLED",
    "PATCHES",
    "RANDOM",
    "REFERENCE",
    "SCRATCH",
    "WEIGHTS",
    "ArmConfig",
    "ArmConfigs",
    "Role",
]

SCRATCH = "scratch"
"""The method of arms that start from random weights: none, everything is learned from labels."""
WEIGHTS = "weights"
"""The method of arms that start from a file and learn nothing more before labels are used."""
RANDOM = "random"
"""The control of frozen features of random weights, read by the protocols that freeze a backbone."""
PATCHES = "patches"
"""The control of features that k-means finds in patches, read by the protocols that freeze a backbone."""
BLIND = "blind"
"""The control without a look at the image: the constant answer that does best on the labelled targets."""
UNTAUGHT = (SCRATCH, WEIGHTS)
"""Methods that are none: nothing is learned before labels are used."""
DOUBLED = "doubled"
"""The control of fixed steps: the baseline with twice as many, at the smallest, a middle and the largest budget, and
at those that it has for itself."""
REFERENCE = "finetune"
"""The protocol of the baseline's that utility is read off."""
Role = Literal["baseline", "control", "compared"]
"""What an arm is there for: utility is measured against the baseline, numbers are read against controls."""
NAME = re.compile(r"[^\s.]([^\n\r\t.]*[^\s.])?")


class ArmConfig(Schema):
    """One arm.

    method: the pretext method, ``scratch`` for random weights, or ``weights`` for those of a file and nothing more.
    weights: the file, safetensors or ``.pth``, that the network starts from, whatever method goes on from there. match:
    how its tensors are paired with the backbone's, by ``names`` or in ``order``. input: what its network expects of
    images. teacher: of a method that learns from another network, the file of that. options: the method's own.
    pretrain: what differs from the study's ``pretrain``. augment: switches while pretraining that overrule both the
    study's and those that the method leaves off or brings. backbone: default what the card of ``weights`` names, else
    the study's. protocols: by name, what differs from the study's for this arm. split: of random weights, two
    networks of half the width as a method that needs them trains them, one for the first channel and one for the rest,
    so that what comes of the network is told from what comes of the method.

    >>> ArmConfig(method="rotation", pretrain={"steps": 8000}).method
    'rotation'
    """

    method: str
    weights: Path | None = None
    match: Literal["names", "order"] = "names"
    input: InputConfig | None = None
    teacher: WeightsConfig | None = None
    options: SerializeAsAny[Schema] = Schema()
    pretrain: Annotated[SerializeAsAny[Overrides], overriding(TrainConfig, "pretrain")] = overrides_of(TrainConfig)()
    augment: Annotated[SerializeAsAny[Overrides], overriding(AugmentConfig, "augment")] = overrides_of(AugmentConfig)()
    backbone: BackboneChoice | None = None
    split: bool = False
    protocols: dict[str, SerializeAsAny[Overrides]] = {}

    @field_validator("protocols", mode="before")
    @classmethod
    def _as_overrides(cls, value: Any) -> Any:
        """The keys below each protocol's name as some of that protocol's options."""
        if not isinstance(value, dict):
            return value
        kinds = {name: overrides_of(lookup(PROTOCOLS, "protocol", str(name)).Config) for name in value}
        return {
            name: validate(kinds[name], keys or {}, f"protocols.{name}") if isinstance(keys, dict | None) else keys
            for name, keys in value.items()
        }

    @model_validator(mode="before")
    @classmethod
    def _as_options(cls, values: Any) -> Any:
        """``options`` as the configuration of the method, every default written out."""
        method = values.get("method") if isinstance(values, dict) else None
        if method in (None, *UNTAUGHT):
            return values
        kind = lookup_traits(METHODS, "method", str(method))
        options = values.get("options") or {}
        return values | {"options": validate(kind.Config, options, "options") if isinstance(options, dict) else options}

    @model_validator(mode="after")
    def _check(self) -> "ArmConfig":
        if not self.pretrains:
            for key in ("options", "pretrain", "augment"):
                if getattr(self, key).model_dump():
                    what = "random weights" if self.method == SCRATCH else "weights of a file"
                    raise ValueError(f"{key} has no meaning for {what}, which no method trains: leave it out")
        if self.weights is None and (self.method == WEIGHTS or self.input or self.match != "names"):
            raise ValueError("weights is missing: name the file that this arm starts from")
        if self.split and self.method != SCRATCH:
            raise ValueError("split is for random weights, and a method splits its network or not: leave it out")
        if self.weights is not None and self.method == SCRATCH:
            raise ValueError("weights has no meaning for method scratch, which draws them: leave one of them out")
        if self.is_taught and self.teacher is None:
            raise ValueError(
                f"method '{self.method}' learns from another network: name its file, "
                "teacher: {weights: large.safetensors}"
            )
        if self.teacher is not None and not self.is_taught:
            raise ValueError(f"teacher has no meaning for method '{self.method}', which learns from none: leave it out")
        return self

    @property
    def splits(self) -> bool:
        """Whether it has two networks of half the width."""
        return self.split or (self.pretrains and METHODS.traits(self.method).split_backbone)

    @property
    def pretrains(self) -> bool:
        """Whether a method learns before any label is used."""
        return self.method not in UNTAUGHT

    @property
    def is_taught(self) -> bool:
        """Whether its method learns from another network."""
        return self.pretrains and METHODS.traits(self.method).taught

    @property
    def file(self) -> WeightsConfig | None:
        """What it starts from, if that is a file."""
        if self.weights is None:
            return None
        return WeightsConfig(weights=self.weights, backbone=self.backbone, match=self.match, input=self.input)

    def note(self, study_backbone: BackboneChoice) -> str:
        """What this arm has of its own, in words for tables: ``pretrain steps 8000, finetune lr 0.001``."""
        options = {name: value for name, value in self.options.model_dump().items() if self._is_set(name, value)}
        differing = {"": options, "pretrain": self.pretrain.model_dump(), "augment": self.augment.model_dump()}
        differing |= {name: keys.model_dump() for name, keys in self.protocols.items()}
        parts = [f"{where} {key} {value}".strip() for where, keys in differing.items() for key, value in keys.items()]
        if self.backbone and self.backbone != study_backbone:
            parts.append(self.backbone.label)
        if self.split:
            parts.append("split into two networks of half the width")
        if self.teacher:
            parts.insert(0, f"taught by {self.teacher.label}")
        if self.file:
            parts.insert(0, f"from {self.file.label}")
        return ", ".join(parts)

    def _is_set(self, name: str, value: Any) -> bool:
        return bool(value != type(self.options).model_fields[name].get_default())


def _as_arms(value: Any) -> Any:
    """Each arm's keys, its name standing for the method where a method is called so."""
    if not isinstance(value, dict):
        return value
    return {_checked_name(name): _as_arm(str(name), keys) for name, keys in value.items()}


def _as_arm(name: str, keys: Any) -> Any:
    if not isinstance(keys, dict | None):
        return keys
    keys = dict(keys or {})
    if keys.get("method") is None:
        if keys.get("weights") is not None and name not in METHODS:
            keys["method"] = WEIGHTS
            return validate(ArmConfig, keys, f"arms.{name}")
        if name not in UNTAUGHT and name not in METHODS:
            known = ", ".join([*UNTAUGHT, *sorted(METHODS)])
            raise ValueError(f"arm '{name}' is called like no method: say which it has, method: one of {known}")
        keys["method"] = name
    if keys["method"] not in UNTAUGHT:
        lookup_traits(METHODS, "method", str(keys["method"]))
    return validate(ArmConfig, keys, f"arms.{name}")


def _checked_name(name: Any) -> str:
    text = str(name)
    if not NAME.fullmatch(text) or text in (RANDOM, PATCHES, BLIND):
        why = "is a control's" if text in (RANDOM, PATCHES, BLIND) else "must be one line of words without a dot"
        raise ValueError(f"the arm's name '{text}' {why}: give it another")
    return text


ArmConfigs = Annotated[dict[str, ArmConfig], BeforeValidator(_as_arms)]
