"""The base of every configuration class, and the sentence that answers a wrong value."""

import difflib
from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

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
from pydantic_core import ErrorDetails

from headstart.errors import ConfigError
from headstart.names import as_text

__all__ = [
    "Overrides",
    "Schema",
    "apply_override",
    "flat",
    "nearest",
    "overrides_of",
    "overriding",
    "set_key",
    "validate",
]

Model = TypeVar("Model", bound=BaseModel)
SHOULD = "Input should be "
ALIKE = 0.6
"""Share of two keys' letters from which one may be the other, typed wrong."""


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
        sentences = [_sentence(model, detail) for detail in _one_per_key(model, error.errors())]
        raise ConfigError(f"{where}: {'; '.join(sentences)}") from None
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


def _one_per_key(model: type[BaseModel], details: list[ErrorDetails]) -> list[ErrorDetails]:
    """What no type of a key that may be of several would take, as one error of that key."""
    found: list[ErrorDetails] = []
    for detail in details:
        if _is_of_a_choice(model, detail["loc"]):
            detail["loc"] = detail["loc"][:-1]
            if found and found[-1]["loc"] == detail["loc"]:
                found[-1]["msg"] += f" or {detail['msg'].removeprefix(SHOULD)}"
                continue
        found.append(detail)
    return found


def _is_of_a_choice(model: type[BaseModel], location: tuple[int | str, ...]) -> bool:
    """Whether the last part of a path names one of a key's types and no key."""
    if len(location) < 2:
        return False
    owner = _model_at(model, location[:-2])
    field = owner.model_fields.get(str(location[-2])) if owner else None
    if field is None or get_origin(field.annotation) not in (Union, UnionType):
        return False
    return len(set(get_args(field.annotation)) - {type(None)}) > 1


def _sentence(model: type[BaseModel], detail: ErrorDetails) -> str:
    path = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return _unknown_key(model, detail["loc"], path)
    if detail["type"] == "missing":
        return f"key '{path}' is missing: add it"
    if detail["type"] == "value_error":
        reason = str(detail["ctx"]["error"])
        return f"key '{path}': {reason}" if path else reason
    message = detail["msg"][0].lower() + detail["msg"][1:]
    return f"key '{path}' is {detail['input']!r}: {message}"


def _unknown_key(model: type[BaseModel], location: tuple[int | str, ...], path: str) -> str:
    owner = _model_at(model, location[:-1])
    known = sorted(owner.model_fields) if owner else []
    below = [f"{name}.{key}" for name in known for key in _keys_of(owner, name)]
    close = nearest(str(location[-1]), known + below)
    hint = f"did you mean '{close}'" if close else f"the keys here are {', '.join(known)}"
    return f"unknown key '{path}': {hint}"


def nearest(wrong: str, keys: list[str]) -> str | None:
    """The key that is written most alike, whatever its case and what it is below; the first of several.

    >>> nearest("Fig6", ["fig05", "fig06"]), nearest("pie", ["fig05", "fig06"])
    ('fig06', None)
    """
    matcher = difflib.SequenceMatcher(b=wrong.lower())

    def likeness(key: str) -> float:
        matcher.set_seq1(key.rpartition(".")[2].lower())
        return matcher.ratio()

    best = max(keys, key=likeness, default="")
    return best if best and likeness(best) >= ALIKE else None


def _keys_of(owner: type[BaseModel] | None, name: str) -> list[str]:
    """The keys below a key that has the same ones everywhere: not those of a mapping, which has free names."""
    annotation = owner.model_fields[name].annotation if owner else None
    choices = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return [key for choice in choices if _is_model(choice) for key in choice.model_fields]


def _model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    """What holds the keys at a path; an index or a free name (a mapping's key) leads to its value's model."""
    current: Any = model
    for part in location:
        fields = current.model_fields if _is_model(current) else {}
        current = _inner_model(fields[part].annotation) if part in fields else current
    return current if _is_model(current) else None


def _inner_model(annotation: Any) -> Any:
    if _is_model(annotation):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _inner_model(inner))), None)


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)
