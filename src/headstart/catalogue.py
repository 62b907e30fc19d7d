"""What there is to choose from: the extension points and recipes, a line each."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from headstart.errors import ConfigError
from headstart.lazy import load
from headstart.registry import Registry, lookup
from headstart.space import search_spaces
from headstart.study.config.recipes import read_values, recipe_names

__all__ = ["EXTENSION_POINTS", "RECIPES", "SPACES", "backbone_sizes", "catalogue"]

RECIPES, SPACES = "recipes", "spaces"
EXTENSION_POINTS = {
    "backbones": "headstart.backbones:BACKBONES",
    "engines": "headstart.render:ENGINES",
    "formats": "headstart.data.exchange:FORMATS",
    "methods": "headstart.methods:METHODS",
    "protocols": "headstart.training.protocols:PROTOCOLS",
    "sources": "headstart.data.sources:SOURCES",
    "tasks": "headstart.tasks:TASKS",
}
"""Where each lies. They are loaded one at a time, and of what they hold no more than the traits."""


def catalogue(what: str) -> list[tuple[str, str]]:
    """Names and one line each of what a study is made of.

    ``what`` is a key of ``EXTENSION_POINTS``, "recipes", or "spaces": what ``tune`` turns, by its path below an arm.

    >>> [name for name, line in catalogue("tasks")]
    ['classification', 'depth', 'pose', 'segmentation']
    """
    if what == RECIPES:
        return [(name, str(read_values(name).get("title", ""))) for name in recipe_names()]
    if what == SPACES:
        return list(_spaces())
    choices: Mapping[str, Any] = load(lookup(EXTENSION_POINTS | {RECIPES: "", SPACES: ""}, "list", what))
    known = choices.traits if isinstance(choices, Registry) else choices.__getitem__
    return [(name, _summary(known(name))) for name in sorted(choices)]


def _spaces() -> Iterator[tuple[str, str]]:
    """Of what every arm has, then of each method."""
    from headstart.data.transforms.config import AugmentConfig
    from headstart.methods import METHODS
    from headstart.training.config import TrainConfig
    from headstart.training.protocols import PROTOCOLS

    for name, protocol in PROTOCOLS.items():
        yield from _spaces_of(f"protocols.{name}", protocol.Config)
    yield from _spaces_of("pretrain", TrainConfig)
    yield from _spaces_of("augment", AugmentConfig)
    for name in sorted(METHODS):
        yield from _spaces_of("options", METHODS.traits(name).Config, f" of {name}")


def _spaces_of(path: str, model: type[BaseModel], of: str = "") -> Iterator[tuple[str, str]]:
    for name, space in search_spaces(model).items():
        field = model.model_fields[name]
        default = "the study's" if field.is_required() else str(field.get_default()).lower()
        yield f"{path}.{name}{of}", f"{space}, default {default}: {space.about}."


def backbone_sizes(resolution: int = 64) -> list[tuple[str, str, str]]:
    """Name, parameters, and floats that a training step keeps per image of ``resolution`` pixels a side.

    Of each backbone with its default options, if these make one, on images of three channels. Where images are too
    small for one, the third says so.

    >>> {name: parameters for name, parameters, activations in backbone_sizes()}["resnet9"]
    '6,699,328'
    """
    from headstart.backbones import BACKBONES

    return [_size(name, resolution) for name in sorted(BACKBONES)]


def _size(name: str, resolution: int) -> tuple[str, str, str]:
    from headstart.backbones import BACKBONES, build_backbone
    from headstart.backbones.sizes import count_activations, count_parameters, outline

    if not BACKBONES.traits(name).Config.complete():
        return name, "by its options", "by its options"
    network = outline(build_backbone, name, {})
    try:
        activations = f"{count_activations(network, resolution):,}"
    except ConfigError:
        activations = f"needs {network.min_resolution} px"
    return name, f"{count_parameters(network):,}", activations


def _summary(choice: Any) -> str:
    """A line about it: its own ``summary``, or else the first of its docstring."""
    text: str = getattr(choice, "summary", None) or choice.__doc__ or ""
    return text.strip().partition("\n")[0].replace("``", "")
