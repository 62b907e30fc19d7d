"""Spaces: which values of an option are worth trying, said beside its default."""

import re
from dataclasses import dataclass, replace
from typing import Literal, get_args

import yaml
from pydantic import BaseModel

from headstart.errors import ConfigError

__all__ = ["Space", "Value", "search_spaces"]

Value = bool | int | float | str
Kind = Literal["log", "uniform", "choice"]
WRITTEN = re.compile(r"(\w+)\((.*)\)")


@dataclass(frozen=True)
class Space:
    """A range between two ends, whose values are spread evenly or so that their logarithms are, or a list of values.

    A range whose ends are whole numbers holds whole numbers. It stands in the annotation of a field, where it changes
    nothing but what ``tune`` tries. about: what the option is, in a few words. Raises ``ConfigError`` for a range or
    list with fewer than two values.

    >>> class Config(Schema):  # doctest: +SKIP
    ...     lr: Annotated[float, Space.log(1e-4, 1e-2, about="peak learning rate")] = 1e-3
    """

    kind: Kind
    values: tuple[Value, ...]
    about: str = ""

    def __post_init__(self) -> None:
        if self.kind == "choice":
            if len(set(self.values)) < 2:
                raise ConfigError(f"the space {self} holds no choice: give at least two values")
            return
        if len(self.values) != 2 or not all(_is_number(value) for value in self.values):
            raise ConfigError(f"the space {self} is no range: give its two ends, which are numbers")
        low, high = (float(value) for value in self.values)
        if low >= high:
            raise ConfigError(f"the space {self} is empty: its first end must be below its second")
        if self.kind == "log" and low <= 0:
            raise ConfigError(f"the space {self} begins at {low:g}, which has no logarithm: begin above 0")

    @classmethod
    def log(cls, low: float, high: float, *, about: str = "") -> "Space":
        """From ``low`` to ``high``, both above 0, as many values below a factor as above it."""
        return cls("log", (low, high), about)

    @classmethod
    def uniform(cls, low: float, high: float, *, about: str = "") -> "Space":
        """From ``low`` to ``high``."""
        return cls("uniform", (low, high), about)

    @classmethod
    def choice(cls, *values: Value, about: str = "") -> "Space":
        """One of ``values``."""
        return cls("choice", values, about)

    @classmethod
    def read(cls, text: str) -> "Space":
        """The space that is written as ``str`` of one writes it. Raises ``ConfigError`` for anything else.

        >>> Space.read("log(0.0001, 0.01)").values
        (0.0001, 0.01)
        """
        found = WRITTEN.fullmatch(text.strip())
        if not found or found[1] not in get_args(Kind):
            raise ConfigError(
                f"'{text}' is no space: write log(0.0001, 0.01), uniform(0, 0.5) or choice(8, 16), for example"
            )
        kind: Kind = next(kind for kind in get_args(Kind) if kind == found[1])
        return cls(kind, tuple(_value(part) for part in found[2].split(",") if part.strip()))

    @property
    def whole(self) -> bool:
        """Whether a range holds whole numbers alone."""
        return self.kind != "choice" and all(isinstance(value, int) for value in self.values)

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values at its borders, or all of a list."""
        return self.values

    def __contains__(self, value: object) -> bool:
        if self.kind == "choice":
            return value in self.values
        low, high = (float(end) for end in self.values)
        return isinstance(value, int | float) and low <= value <= high and (not self.whole or value == int(value))

    def including(self, value: Value) -> "Space":
        """The same space, made just large enough to hold ``value``. Raises ``ConfigError`` where none could."""
        if value in self:
            return self
        if self.kind == "choice":
            return replace(self, values=(*self.values, value))
        if not _is_number(value):
            raise ConfigError(f"the space {self} cannot hold '{value}', which is no number: give a choice of values")
        ends = sorted([*self.values, value], key=float)
        return replace(self, values=(ends[0], ends[-1]))

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(map(_text, self.values))})"


def search_spaces(model: type[BaseModel]) -> dict[str, Space]:
    """The spaces that stand beside a configuration's fields, by field.

    >>> from headstart.training.config import TrainConfig
    >>> str(search_spaces(TrainConfig)["lr"])
    'log(0.0001, 0.01)'
    """
    marked = ((name, mark) for name, field in model.model_fields.items() for mark in field.metadata)
    return {name: mark for name, mark in marked if isinstance(mark, Space)}


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _value(text: str) -> Value:
    """A value as YAML has it; ``1e-4``, which YAML takes for a word, is a number here."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        found = None
    if isinstance(found, str):
        try:
            return float(found)
        except ValueError:
            return found
    if not isinstance(found, bool | int | float):
        raise ConfigError(f"'{text.strip()}' is no value of a space: give numbers, words, true or false")
    return found


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
