"""Suites: studies that differ in named keys, planned, run and reported as one; a plain study is a suite of one."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from headstart.errors import ConfigError
from headstart.schema import Schema, apply_override, set_key, validate
from headstart.study.config.columns import column_of
from headstart.study.config.recipes import dump_yaml, read_values
from headstart.study.config.scales import SCALES, at_scale
from headstart.study.config.settle import Machine, settle
from headstart.study.config.study import StudyConfig

__all__ = ["Suite", "Variant", "as_suite", "load_study", "load_suite"]

GROUPS = "variants"
"""What a list of named groups is called in tables."""


@dataclass(frozen=True)
class Variant:
    """One study of a suite. values: what is varied, as text, by name."""

    values: Mapping[str, str]
    config: StudyConfig


@dataclass(frozen=True)
class Suite:
    """Studies of one name. varied: the names of what differs, in order. written: the keys of the study file, with
    ``vary`` where there are several. assumed: what nobody said of it, a sentence each."""

    variants: tuple[Variant, ...]
    varied: tuple[str, ...]
    written: Mapping[str, Any]
    assumed: tuple[str, ...] = ()

    @property
    def first(self) -> StudyConfig:
        """The first study, which speaks for what all have in common: name, title, how utility is read."""
        return self.variants[0].config

    @property
    def name(self) -> str:
        return self.first.name

    @property
    def title(self) -> str:
        return self.first.title or self.name

    @property
    def guesses(self) -> tuple[str, ...]:
        """What nobody said of the images or of the scale, each with its reason."""
        studies = [variant.config for variant in self.variants]
        sources = [source for study in studies for source in (study.dataset, study.pretrain_dataset) if source]
        return (*self.assumed, *dict.fromkeys(guess for source in sources for guess in source.info().guesses))

    def settled(self, machine: Machine | None = None) -> "Suite":
        """All studies with device, precision and color decided, and the file that says so. machine: as for
        ``settle``."""
        variants = tuple(replace(variant, config=settle(variant.config, machine)) for variant in self.variants)
        if not self.varied:
            return replace(self, variants=variants, written=variants[0].config.model_dump(mode="json"))
        return replace(self, variants=variants, written=_decided(self.written, variants[0].config))

    def to_yaml(self) -> str:
        """The study file that gives this suite again."""
        return dump_yaml(dict(self.written))


def load_suite(recipe: str | Path, overrides: Sequence[str] | None = None, scale: str | None = None) -> Suite:
    """A recipe's name or a YAML file, with ``key=value`` overrides (dotted keys, YAML values), checked.

    scale: which of the file's ``scales``, on which overrides lie; default: ``small``, where it has any. Without
    ``vary`` it is a suite of one. Raises ``ConfigError`` for anything wrong in it.

    >>> load_suite("quickstart", ["trials=2"]).name
    'quickstart'
    """
    written = read_values(recipe)
    values, chosen = at_scale(written, scale, str(recipe))
    for override in overrides or []:
        apply_override(values, override)
    suite = suite_of(values, str(recipe))
    if scale is not None or not chosen:
        return suite
    return replace(suite, assumed=(f"scale {chosen}, of {', '.join(written[SCALES])}: --scale names another",))


def load_study(recipe: str | Path, overrides: Sequence[str] | None = None, scale: str | None = None) -> StudyConfig:
    """Like ``load_suite``, of a file without ``vary``: its one study.

    >>> load_study("quickstart", ["pretrain.steps=50"]).pretrain.steps
    50
    """
    suite = load_suite(recipe, overrides, scale)
    if suite.varied:
        raise ConfigError(
            f"{recipe} varies {', '.join(suite.varied)}: it is a suite, which run_suite and load_suite take"
        )
    return suite.first


def as_suite(config: "Suite | StudyConfig | str | Path") -> Suite:
    """Any of the ways to name a study or suite, as a suite."""
    if isinstance(config, Suite):
        return config
    if isinstance(config, StudyConfig):
        return Suite((Variant({}, config),), (), config.model_dump(mode="json"))
    return load_suite(config)


def suite_of(values: Mapping[str, Any], where: str) -> Suite:
    """The suite of a study file's keys, ``vary`` among them or not."""
    base = dict(values)
    axes = [_Axis.of(name, points) for name, points in _named(base.pop("vary", None) or {}).items()]
    variants = tuple(_variant(base, points, where) for points in product(*(axis.points for axis in axes)))
    return Suite(variants, tuple(axis.name for axis in axes), dict(values))


def _decided(written: Mapping[str, Any], config: StudyConfig) -> dict[str, Any]:
    """A suite's keys with what the machine decided, which is the same for all its studies; colors follow from
    images."""
    keys = copy.deepcopy(dict(written)) | {"device": config.device}
    arms = {name: arm for name, arm in config.arms.items() if name in (keys.get("arms") or {})}
    settings = {"pretrain": config.pretrain, **_below("protocols", config.protocols)}
    for name, arm in arms.items():
        settings |= {f"arms.{name}.pretrain": arm.pretrain, **_below(f"arms.{name}.protocols", arm.protocols)}
    for path, options in settings.items():
        if decided := getattr(options, "precision", None):
            set_key(keys, f"{path}.precision", decided, "precision")
    return keys


def _below(path: str, settings: Mapping[str, Schema]) -> dict[str, Schema | None]:
    """Settings by name, by their dotted keys."""
    return {f"{path}.{name}": options for name, options in settings.items()}


class _Point(NamedTuple):
    """One value of what is varied: its text in tables, and the dotted keys that it sets."""

    name: str
    text: str
    keys: Mapping[str, Any]


class _Axis(NamedTuple):
    """One thing that is varied."""

    name: str
    points: tuple[_Point, ...]

    @classmethod
    def of(cls, name: str, values: Any) -> "_Axis":
        """A dotted key with a list of values, or a name with groups of keys by their names."""
        if isinstance(values, list):
            points = tuple(_Point(name, _text(value), {name: value}) for value in values)
        elif isinstance(values, dict) and all(isinstance(keys, dict) for keys in values.values()):
            points = tuple(_Point(name, str(group), keys) for group, keys in values.items())
        else:
            raise ConfigError(f"vary.{name} is {values!r}: give a list of values, or groups of keys by name")
        texts = [point.text for point in points]
        if not texts or len(set(texts)) < len(texts):
            raise ConfigError(f"vary.{name} must have values that differ, and has {', '.join(texts) or 'none'}")
        column = column_of(name)
        return cls(column, tuple(point._replace(name=column) for point in points))


def _named(vary: Any) -> dict[str, Any]:
    """``vary`` by name; a list of groups, each with a ``name``, is one thing that is varied."""
    if isinstance(vary, dict):
        return vary
    if isinstance(vary, list) and all(isinstance(group, dict) and "name" in group for group in vary):
        groups = {group["name"]: {key: value for key, value in group.items() if key != "name"} for group in vary}
        if len(groups) < len(vary):
            names = ", ".join(str(group["name"]) for group in vary)
            raise ConfigError(f"vary must have groups of different names, and has {names}: rename one")
        return {GROUPS: groups}
    raise ConfigError("vary must hold keys with lists of values, or a list of groups of keys, each with a name")


def _variant(base: Mapping[str, Any], points: Sequence[_Point], where: str) -> Variant:
    values = copy.deepcopy(dict(base))
    for point in points:
        for path, value in point.keys.items():
            if path in ("name", "vary"):
                raise ConfigError(
                    f"vary.{point.name}: '{path}' is the suite's own and cannot vary: vary something else"
                )
            set_key(values, path, copy.deepcopy(value), f"vary.{point.name}")
    assignments = ", ".join(f"{point.name}={point.text}" for point in points)
    return Variant(
        {point.name: point.text for point in points},
        validate(StudyConfig, values, f"{where}, with {assignments}" if assignments else where),
    )


def _text(value: Any) -> str:
    return (
        value if isinstance(value, str) else yaml.safe_dump(value, default_flow_style=True).replace("\n...", "").strip()
    )
