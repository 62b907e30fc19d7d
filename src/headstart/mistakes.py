"""The sentence that answers a wrong value of a configuration."""

import difflib
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

__all__ = ["nearest", "sentences_of"]

SHOULD = "Input should be "
ALIKE = 0.6
"""Share of two keys' letters from which one may be the other, typed wrong."""


def sentences_of(model: type[BaseModel], error: ValidationError) -> list[str]:
    """One for each key of ``model`` that was wrong: its path, the value and what is allowed."""
    return [_sentence(model, detail) for detail in _one_per_key(model, error.errors())]


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
