"""The base of every configuration class, and what reads and changes its values."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SerializerFunctionWrapHandler,
    ValidationError,
    create_model,
    model_serializer,
)

from headstart.errors import ConfigError
from headstart.mistakes import sentences_of
from headstart.names import as_text

__all__ = [
    "Overrides",
    "Schema",
    "apply_override",
    "flat",
    "overrides_of",
    "overriding",
    "set_key",
    "validate",
]

Model = TypeVar("Model", bound=BaseModel)


class Schema(BaseModel):
    """A frozen pydantic model that refuses unknown keys and NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Overrides(Schema):
    """Some keys of another schema, each checked as that schema checks it; written out, they are those that were set."""

    @model_serializer(mode="wrap")
    def _only_set(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if name in self.model_fields_set}

    def over(self, base: Model, where: str) -> Model:
        """``base`` with these keys in place of its own. Raises ``ConfigError`` where the two do not fit together."""
        return validate(type(base), base.model_dump() | self.model_dump(), where)


@cache
def overrides_of(model: type[BaseModel]) -> type[Overrides]:
    """The class of ``Overrides`` for ``model``: every field of it, none of them required.

    >>> from headstart.training import TrainConfig
    >>> overrides_of(TrainConfig)(lr=0.01).over(TrainConfig(steps=100), "arms.rotation.pretrain").lr
    0.01
    """
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        checked = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
        fields[name] = (checked, None)
    return create_model(f"{model.__name__}Overrides", __base__=Overrides, **fields)


def overriding(model: type[BaseModel], where: str) -> BeforeValidator:
    """Marks a field of ``Overrides`` as some keys of ``model``; ``where`` begins the sentence on a wrong one.

    >>> from typing import Annotated
    >>> from headstart.training import TrainConfig
    >>> class Arm(Schema):
    ...     pretrain: Annotated[Overrides, overriding(TrainConfig, "pretrain")]
    >>> Arm(pretrain={"lr": 0.01}).pretrain.lr
    0.01
    """

    def read(value: Any) -> Any:
        return validate(overrides_of(model), value or {}, where) if isinstance(value, dict | None) else value

    return BeforeValidator(read)


def validate(model: type[Model], values: Mapping[str, Any], where: str) -> Model:
    """``model`` from ``values``, or a ``ConfigError`` with ``where``, the key's path, the value and what is allowed.

    >>> class Options(Schema):
    ...     width: int = 8
    >>> validate(Options, {"width": 16}, "backbone").width
    16
    """
    _refuse_no_text(values, where)
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigError(f"{where}: {'; '.join(sentences_of(model, error))}") from None
    except ConfigError as error:  # of what is validated inside
        raise ConfigError(f"{where}: {error}") from None


def _refuse_no_text(values: Mapping[str, Any], where: str) -> None:
    """Names of files may hold bytes that are no text; what is written into JSON and YAML may not."""
    for key, text in flat(values).items():
        if as_text(text) != text:
            raise ConfigError(f"{where}: key '{key}' is '{as_text(text)}', which is no UTF-8: rename it")


def flat(values: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Nested keys as dotted ones, each value in words.

    >>> flat({"pretrain": {"steps": 1000}, "budgets": [10, 20]})
    {'pretrain.steps': '1000', 'budgets': '[10, 20]'}
    """
    found: dict[str, str] = {}
    for name, value in values.items():
        path = f"{above}{name}"
        found |= flat(value, f"{path}.") if isinstance(value, Mapping) else {path: str(value)}
    return found


def apply_override(values: dict[str, Any], override: str) -> None:
    """Put ``key=value`` (dotted keys, a YAML value) into ``values``. Raises ``ConfigError`` for anything else.

    >>> values = {"pretrain": {"lr": 0.1}}
    >>> apply_override(values, "pretrain.steps=1000")
    >>> values
    {'pretrain': {'lr': 0.1, 'steps': 1000}}
    """
    path, equals, text = override.partition("=")
    if not equals or not path:
        raise ConfigError(f"'{override}' is no override: write key=value, for example trials=5 or pretrain.steps=1000")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f"override '{override}': '{text}' is no YAML value") from None
    set_key(values, path, value, f"override '{override}'")


def set_key(values: dict[str, Any], path: str, value: Any, where: str) -> None:
    """Put ``value`` under the dotted ``path`` into nested ``values``.

    Raises ``ConfigError``, which ``where`` begins.

    >>> values = {}
    >>> set_key(values, "pretrain.steps", 1000, "my script")
    >>> values
    {'pretrain': {'steps': 1000}}
    """
    *parents, last = path.split(".")
    for parent in parents:
        if values.get(parent) is None:
            values[parent] = {}
        values = values[parent]
        if not isinstance(values, dict):
            raise ConfigError(f"{where}: '{parent}' has no keys below it")
    values[last] = value
