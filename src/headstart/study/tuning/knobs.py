"""Knobs: the settings of an arm that a search turns, each with its space and the arm's own value."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from headstart.errors import ConfigError
from headstart.schema import Schema, set_key, validate
from headstart.space import Space, Value, search_spaces
from headstart.study.config.study import StudyConfig

__all__ = ["PRETRAINING", "Knob", "Knobs", "find_knobs", "fine_tuning", "with_values"]

PRETRAINING = ("pretrain.lr", "options.*")
"""What ``pretraining`` adds: every value of these takes a pretraining of its own."""


class Knob(NamedTuple):
    """space: made to hold ``default``, which is what the arm has without any search."""

    space: Space
    default: Value


Knobs = Mapping[str, Knob]
"""Of one arm, by the path below ``arms.NAME``: ``protocols.finetune.lr``, ``options.temperature``."""


def fine_tuning(protocol: str) -> tuple[str, ...]:
    """What is turned unless something else is asked for: it changes neither what a run costs nor what came before."""
    return tuple(f"protocols.{protocol}.{name}" for name in ("lr", "stable", "weight_decay"))


def find_knobs(config: StudyConfig, protocol: str, wanted: Sequence[str]) -> Mapping[str, Knobs]:
    """The knobs of every arm that ``protocol`` measures.

    wanted: paths, with ``*`` for any letters, each of a space that stands beside a default; or ``PATH=SPACE``, a space
    for any option. An arm has those that fit it, which may be none. Raises ``ConfigError`` for what fits no arm, is
    empty, or is refused by the study at either end.
    """
    sections = {arm: dict(_sections(config, arm, protocol)) for arm in _measured(config, protocol)}
    found: dict[str, dict[str, Knob]] = {arm: {} for arm in sections}
    for pattern in wanted:
        fitting = {arm: dict(_fitting(pattern, options)) for arm, options in sections.items()}
        if not any(fitting.values()):
            raise _unknown(pattern, sections)
        for arm, knobs in fitting.items():
            found[arm] |= knobs
    for arm, knobs in found.items():
        _check_ends(config, arm, knobs)
    return found


def with_values(config: StudyConfig, arm: str, values: Mapping[str, Value]) -> StudyConfig:
    """The study with ``values`` among the arm's own settings. Raises ``ConfigError`` where they do not fit together."""
    keys = config.model_dump(mode="json")
    for path, value in values.items():
        set_key(keys, f"arms.{arm}.{path}", value, "tune")
    return validate(StudyConfig, keys, "tune")


def _measured(config: StudyConfig, protocol: str) -> Iterator[str]:
    from headstart.training.protocols import PROTOCOLS

    for name, arm in config.arms.items():
        if arm.pretrains or not PROTOCOLS[protocol].frozen:
            yield name


def _sections(config: StudyConfig, arm: str, protocol: str) -> Iterator[tuple[str, Schema]]:
    """The options that an arm has, by what their paths begin with."""
    yield f"protocols.{protocol}", config.protocols_of(arm)[protocol]
    if config.arms[arm].pretrains:
        yield "pretrain", config.pretraining(arm)
        yield "options", config.arms[arm].options
        yield "augment", config.augmentation(arm)


def _fitting(wanted: str, sections: Mapping[str, Schema]) -> Iterator[tuple[str, Knob]]:
    pattern, given, text = wanted.partition("=")
    space = Space.read(text) if given else None
    for prefix, options in sections.items():
        spaces = dict.fromkeys(type(options).model_fields, space) if space else search_spaces(type(options))
        for name, one in spaces.items():
            path = f"{prefix}.{name}"
            if one is not None and fnmatchcase(path, pattern.strip()):
                yield path, Knob(_including(one, getattr(options, name), path), getattr(options, name))


def _including(space: Space, default: Any, path: str) -> Space:
    if not isinstance(default, bool | int | float | str):
        raise ConfigError(f"--knobs {path}: its value here is {default}, which no space holds: set it to one value")
    return space.including(default)


def _unknown(pattern: str, sections: Mapping[str, Mapping[str, Schema]]) -> ConfigError:
    known = {
        f"{prefix}.{name}"
        for options in sections.values()
        for prefix, model in options.items()
        for name in search_spaces(type(model))
    }
    return ConfigError(
        f"--knobs '{pattern}' is no space of this study's arms: choose among {', '.join(sorted(known))}, or give an "
        "option a space, as in pretrain.warmup=uniform(0, 0.3)"
    )


def _check_ends(config: StudyConfig, arm: str, knobs: Knobs) -> None:
    for path, knob in knobs.items():
        for value in knob.space.values:
            try:
                with_values(config, arm, {path: value})
            except ConfigError as error:
                raise ConfigError(
                    f"--knobs {path} with the space {knob.space}: {error}; give it another, {path}=…"
                ) from None
