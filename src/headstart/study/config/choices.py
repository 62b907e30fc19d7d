"""The parts of a study that are chosen by name and have options of their own: dataset, backbone, protocols, files of
weights."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, SerializeAsAny, model_validator

from headstart.backbones import BACKBONES
from headstart.data.sources import Source
from headstart.data.sources.choice import as_keys, as_source
from headstart.data.transforms.config import ColorSpace
from headstart.registry import lookup, lookup_traits
from headstart.schema import Schema, validate
from headstart.training.config import ClosedForm, SupervisedConfig
from headstart.training.protocols import PROTOCOLS

__all__ = ["BackboneChoice", "DatasetChoice", "InputConfig", "ProtocolChoices", "WeightsConfig"]


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


class InputConfig(Schema):
    """What the network of a file expects of images. color: ``rgb`` or ``lab``. mean, deviation: per channel, of values
    in 0..255 (``rgb``). Each left out: what the file's card says, or timm for a network of its own, else what holds for
    the study. resolution: pixels a side that images are scaled to; left out: as they come. channels: what becomes of
    images with another number than the file's first layer: ``repeat`` gray ones, ``mean``: change the layer, or
    ``refuse``."""

    color: ColorSpace | None = None
    mean: tuple[float, ...] | None = None
    deviation: tuple[float, ...] | None = None
    resolution: Annotated[int, Field(ge=1)] | None = None
    channels: Literal["repeat", "mean", "refuse"] = "repeat"


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


class WeightsConfig(Schema):
    """A file of weights and the network that it is of.

    weights: safetensors or ``.pth``. backbone: left out, what the file's card names. match: how its tensors are paired
    with the backbone's, by ``names`` or in ``order``. input: what its network expects of images.

    >>> WeightsConfig(weights="large.safetensors", input={"resolution": 224}).label
    'large.safetensors at 224 px'
    """

    weights: Path
    backbone: BackboneChoice | None = None
    match: Literal["names", "order"] = "names"
    input: InputConfig | None = None

    @property
    def label(self) -> str:
        """The file and the size of its images, as tables call it."""
        resolution = f" at {self.input.resolution} px" if self.input and self.input.resolution else ""
        return f"{self.weights.name}{resolution}"
