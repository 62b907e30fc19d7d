"""Scales of a study file: overlays that change how large a study is, and nothing of how it is done.

So the same question can be asked in minutes, in an hour, and on a cluster; and what comes out differently at another
scale comes from its size.
"""

import copy
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from headstart.errors import ConfigError
from headstart.registry import lookup
from headstart.schema import set_key
from headstart.study.config.recipes import SCALES

__all__ = ["SCALES", "USUAL", "at_scale", "is_size"]

VARY = "vary"
USUAL = "small"
"""The scale of a file that has some, where none is named."""
STEPS = ("steps", "min_steps", "epochs", "batch_size", "first_steps", "max_steps")
NETWORK = ("width", "depth", "features", "resolution")
SIZES = (
    *(f"{source}.{key}" for source in ("dataset", "pretrain_dataset") for key in ("images", "resolution", "samples")),
    *(f"{owner}backbone.options.{key}" for owner in ("", "arms.*.") for key in NETWORK),
    *(f"{owner}pretrain.{key}" for owner in ("", "arms.*.") for key in ("steps", "batch_size")),
    *(f"{owner}protocols.*.{key}" for owner in ("", "arms.*.") for key in STEPS),
    *(f"arms.*.options.{key}" for key in ("resolution", "negatives", "channels")),
    *(f"patches.{key}" for key in ("size", "centroids", "sample")),
    "adaptive.first", "adaptive.most", "baseline_budgets", "budgets", "minutes", "pretrain_seeds", "trials",
)  # fmt: skip
"""Keys that say how much, by pattern; every other one says what or how."""


def is_size(path: str) -> bool:
    """Whether a dotted key says how large a study is.

    >>> is_size("arms.vae.pretrain.steps"), is_size("pretrain.lr")
    (True, False)
    """
    return any(fnmatchcase(path, pattern) for pattern in SIZES)


def at_scale(values: Mapping[str, Any], scale: str | None, where: str) -> tuple[dict[str, Any], str]:
    """The keys of a study file as they are at one of its scales, ``USUAL`` where none is named, and which that is.

    A scale holds dotted keys, sizes all of them, and under ``vary`` which points of what varies are kept: a list of
    them, or of groups those that it names, with sizes in place of their own. A file without scales is as it is, its
    scale "". Raises ``ConfigError`` for a scale that it lacks, and for a key that is no size, of whichever scale.
    """
    keys = copy.deepcopy(dict(values))
    scales = keys.pop(SCALES, None)
    if scales is None:
        if scale is not None:
            raise ConfigError(f"{where} has no scales, of which '{scale}' could be one: leave --scale out")
        return keys, ""
    if not isinstance(scales, dict) or not all(isinstance(overlay, dict) for overlay in scales.values()):
        raise ConfigError(f"{where}: scales must hold keys by the name of a scale: scales: {{tiny: {{trials: 2}}}}")
    for name, overlay in scales.items():
        _check(overlay, f"{where}: scales.{name}")
    chosen = USUAL if scale is None else scale
    overlay = lookup(scales, "scale", chosen)
    for path, value in _settings(overlay):
        set_key(keys, path, copy.deepcopy(value), f"scales.{chosen}")
    if VARY in overlay:
        keys[VARY] = _narrowed(keys.get(VARY), overlay[VARY], f"{where}: scales.{chosen}.vary")
    return keys, chosen


def _settings(overlay: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((path, value) for path, value in overlay.items() if path != VARY)


def _check(overlay: Mapping[str, Any], where: str) -> None:
    groups = [group for axis in (overlay.get(VARY) or {}).values() if isinstance(axis, dict) for group in axis.values()]
    for keys in (dict(_settings(overlay)), *(group or {} for group in groups)):
        for path in keys:
            if not is_size(str(path)):
                raise ConfigError(
                    f"{where} has '{path}', which is no size: a scale changes images, resolution, width, steps, "
                    "batches, budgets and trials, as dotted keys, and what varies less; set it for all scales"
                )


def _narrowed(vary: Any, kept: Mapping[str, Any], where: str) -> dict[str, Any]:
    """``vary`` with those points alone that are ``kept``, in the order of the file."""
    if not isinstance(vary, dict):
        raise ConfigError(f"{where}: the file's own vary must hold what varies by name, so that a scale can keep less")
    found = dict(vary)
    for axis, points in kept.items():
        if axis not in vary:
            raise ConfigError(f"{where} has '{axis}', which does not vary: choose among {', '.join(vary)}")
        if strange := [str(point) for point in points if point not in vary[axis]]:
            raise ConfigError(f"{where}.{axis} keeps {', '.join(strange)}, and a scale adds nothing to what varies")
        found[axis] = _kept(vary[axis], points)
    return found


def _kept(all_points: Any, points: Any) -> Any:
    """Points of one thing that varies; a group with the sizes that a scale has for it."""
    if isinstance(all_points, list):
        return [point for point in all_points if point in points]
    sizes = points if isinstance(points, dict) else dict.fromkeys(points)
    return {name: {**(keys or {}), **(sizes[name] or {})} for name, keys in all_points.items() if name in sizes}
