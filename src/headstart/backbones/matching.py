"""One backbone made as large as another, so that a comparison is of kinds and not of sizes."""

from collections.abc import Callable, Mapping
from typing import Any

from headstart.backbones import BACKBONES, build_backbone
from headstart.backbones.base import BackboneConfig
from headstart.backbones.sizes import count_parameters, outline
from headstart.errors import ConfigError
from headstart.registry import lookup
from headstart.schema import validate

__all__ = ["TOLERANCE", "match_parameters"]

TOLERANCE = 0.05
"""How far, relative to the other's parameters, the nearest size may be."""


def match_parameters(
    name: str, options: Mapping[str, Any], other: str, other_options: Mapping[str, Any]
) -> dict[str, Any]:
    """``options`` of backbone ``name`` with the size that comes nearest in parameters to another backbone's.

    Both are counted unsplit, for images of three channels. The size is the option that the backbone's configuration
    names as ``size_option``, mostly ``width``. Raises ``ConfigError`` where ``options`` fix that size already, where
    there is no such option, or where the nearest size is more than 5 % off; the sentence then names it.
    """
    config = _smallest(name, options)
    size = config.size_option
    target = count_parameters(outline(build_backbone, other, other_options))

    def count(units: int) -> int:
        return count_parameters(outline(build_backbone, name, {**options, size: units * config.size_unit}))

    units = _nearest(count, target)
    picked, count_found = units * config.size_unit, count(units)
    if abs(count_found - target) > TOLERANCE * target:
        raise ConfigError(
            f"backbone '{name}' cannot be matched to '{other}' and its {target:,} parameters within "
            f"{TOLERANCE:.0%}: the nearest is {size} {picked} with {count_found:,}, so change its other options"
        )
    return {**options, size: picked}


def _smallest(name: str, options: Mapping[str, Any]) -> BackboneConfig:
    """The configuration with the default size, which says what the size is called and comes in multiples of."""
    kind = lookup(BACKBONES, "backbone", name).Config
    if kind.size_option in options:
        raise ConfigError(
            f"backbone '{name}' has both match_parameters, which picks its {kind.size_option}, and the option "
            f"{kind.size_option}={options[kind.size_option]}: leave one of them out"
        )
    if kind.size_option not in kind.model_fields:
        raise ConfigError(f"backbone '{name}' has no option '{kind.size_option}', so its size cannot be matched")
    # The default size may not suit the other options (heads, say), and is not the size that there will be.
    unit = _unit(kind, options)
    return validate(kind, {**options, kind.size_option: unit}, f"backbone '{name}'")


def _unit(kind: type[BackboneConfig], options: Mapping[str, Any]) -> int:
    """What sizes are multiples of; 1 where the options are of wrong types, which validation tells better."""
    try:
        return kind.model_construct(**dict(options)).size_unit
    except TypeError:
        return 1


def _nearest(count: Callable[[int], int], target: int) -> int:
    """The n from 1 whose ``count``, which grows with n, comes nearest to ``target``."""
    low, high = 1, 2
    while count(high) < target:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) < target else (low, middle)
    return min((low, high), key=lambda units: abs(count(units) - target))
