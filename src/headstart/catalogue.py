"""What there is to choose from: the extension points and recipes, a line each."""

from collections.abc import Mapping
from typing import Any

from headstart.backbones import BACKBONES, build_backbone
from headstart.backbones.sizes import count_activations, count_parameters, outline
from headstart.data.exchange import FORMATS
from headstart.data.sources import SOURCES
from headstart.errors import ConfigError
from headstart.methods import METHODS
from headstart.registry import lookup
from headstart.render import ENGINES
from headstart.study.config.recipes import recipe_names
from headstart.study.config.suite import load_suite
from headstart.tasks import TASKS
from headstart.training import PROTOCOLS

__all__ = ["EXTENSION_POINTS", "backbone_sizes", "catalogue"]

EXTENSION_POINTS: dict[str, Mapping[str, Any]] = {
    "backbones": BACKBONES,
    "engines": ENGINES,
    "formats": FORMATS,
    "methods": METHODS,
    "protocols": PROTOCOLS,
    "sources": SOURCES,
    "tasks": TASKS,
}


def catalogue(what: str) -> list[tuple[str, str]]:
    """Names and one line each of what a study is made of; ``what`` is a key of ``EXTENSION_POINTS``, or "recipes".

    >>> [name for name, line in catalogue("tasks")]
    ['classification', 'depth', 'pose', 'segmentation']
    """
    if what == "recipes":
        return [(name, load_suite(name).first.title) for name in recipe_names()]
    choices = lookup(EXTENSION_POINTS, "list", what)
    return [(name, _summary(kind)) for name, kind in sorted(choices.items())]


def backbone_sizes(resolution: int = 64) -> list[tuple[str, str, str]]:
    """Name, parameters, and floats that a training step keeps per image of ``resolution`` pixels a side.

    Of each backbone with its default options, on images of three channels. Where images are too small for one, the
    third says so.

    >>> {name: parameters for name, parameters, activations in backbone_sizes()}["resnet9"]
    '6,699,328'
    """
    return [_size(name, resolution) for name in sorted(BACKBONES)]


def _size(name: str, resolution: int) -> tuple[str, str, str]:
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
