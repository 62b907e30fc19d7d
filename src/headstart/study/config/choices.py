"""The parts of a study that are chosen by name and have options of their own: dataset, backbone, protocols."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, SerializeAsAny, model_validator

from headstart.backbones import BACKBONES
from headstart.data.sources import Source
from headstart.data.sources.choice import as_keys, as_source
from headstart.registry import lookup, lookup_traits
from headstart.schema import Schema, validate
from headstart.training.config import ClosedForm, SupervisedConfig
from headstart.training.protocols import PROTOCOLS

__all__ = ["BackboneChoice", "DatasetChoice", "ProtocolChoices"]


DatasetChoice = Annotated[Source, BeforeValidator(as_source), PlainSerializer(as_keys)]


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
        from headstart.backbones.matching import match_parameters  # it builds networks

        wanted, name = values["match_parameters"], str(values.get("name", "resnet9"))
        other = validate(cls, wanted if isinstance(wanted, dict) else {"name": wanted}, "backbone.match_parameters")
        options = match_parameters(name, dict(values.get("options") or {}), other.name, other.options)
        return {key: value for key, value in values.items() if key != "match_parameters"} | {"options": options}

    @model_validator(mode="after")
    def _check(self) -> "BackboneChoice":
        validate(lookup_traits(BACKBONES, "backbone", self.name).Config, self.options, f"backbone ({self.name})")
        return self

    @property
    def label(self) -> str:
        """Name and options, as tables call it: ``resnet9 width=16``."""
        return " ".join([self.name, *(f"{key}={value}" for key, value in sorted(self.options.items()))])

    def identity(self) -> dict[str, Any]:
        """All options, so that a default written out is the same network."""
        config = validate(BACKBONES.traits(self.name).Config, self.options, "backbone")
        return {"name": self.name, "options": config.model_dump(mode="json")}
