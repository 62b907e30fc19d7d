"""What is wrong with a shard: types, shapes, values out of range. Without torch, which takes seconds to load."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.folder import SPLITS, Manifest
from headstart.scenes.pose import POSES

__all__ = ["faults", "image_faults"]

Arrays = Mapping[str, NDArray[Any]]
SHAPES: dict[str, tuple[str, int]] = {
    "class": ("int64", 1),
    "group": ("int64", 1),
    "pose": ("int64", 1),
    "rotation": ("float32", 3),
    "semantic": ("uint8", 3),
    "instance": ("uint8", 3),
    "depth": ("float16", 3),
}
"""Type and number of axes of each target."""
ORTHOGONAL = 1e-3
"""How far a rotation times its transpose may be from the identity; float32 leaves about 1e-6."""


def faults(arrays: Arrays, manifest: Manifest) -> Iterator[str]:
    """What is wrong with a shard's ``images`` ``[n, C, H, W]``, ``split`` and ``target.NAME``, a clause each."""
    faults = list(image_faults(arrays, manifest))
    yield from faults
    if not faults:
        yield from _annotation_faults(arrays, manifest)


def image_faults(arrays: Arrays, manifest: Manifest) -> Iterator[str]:
    """What is wrong with a shard's images, whatever is known of them, and with their splits."""
    images = arrays.get("images", np.empty(0))
    expected = [manifest.channels, manifest.resolution, manifest.resolution]
    if images.dtype != manifest.dtype or list(images.shape[1:]) != expected:
        yield f"images are {_kind(images)}, not {manifest.dtype} [n, {', '.join(map(str, expected))}]"
        return
    if images.dtype.kind == "f":
        yield from _rows(_any(~np.isfinite(images)), "values are not finite")
    for name, values in arrays.items():
        if len(values) != len(images):
            yield f"{name} has {len(values)} rows for {len(images)} images"
            return
    split = arrays.get("split", np.empty(0))
    if split.dtype != np.uint8 or split.shape != (len(images),) or bool((split >= len(SPLITS)).any()):
        yield f"split is not 0, 1 or 2 for each image, as uint8 [{len(images)}]"


def _annotation_faults(arrays: Arrays, manifest: Manifest) -> Iterator[str]:
    for name, (dtype, axes) in SHAPES.items():
        values = arrays.get(f"target.{name}")
        if values is not None:
            yield from _target_faults(name, values, dtype, axes, manifest)
    yield from _mask_faults(arrays)


def _target_faults(name: str, values: NDArray[Any], dtype: str, axes: int, manifest: Manifest) -> Iterator[str]:
    side = 3 if name == "rotation" else manifest.resolution
    if values.dtype != dtype or list(values.shape[1:]) != [side] * (axes - 1):
        yield f"target '{name}' is {_kind(values)}, not {dtype} {['n', *[side] * (axes - 1)]}"
        return
    if name in ("class", "group", "pose", "semantic"):
        yield from _range_faults(name, values, manifest)
    elif name == "rotation":
        drift = np.abs(values @ values.transpose(0, 2, 1) - np.eye(3, dtype=values.dtype)).max(axis=(1, 2), initial=0)
        turns = (drift < ORTHOGONAL) & (np.linalg.det(values) > 0)
        yield from _rows(~turns, "target 'rotation' is no rotation matrix")
    elif name == "depth":
        yield from _rows(_any(~(values > 0)), "target 'depth' is not above 0 everywhere")


def _range_faults(name: str, values: NDArray[Any], manifest: Manifest) -> Iterator[str]:
    classes, groups = len(manifest.classes), len(manifest.groups)
    last = {"class": classes - 1, "group": groups - 1, "pose": len(POSES) - 1, "semantic": classes}[name]
    yield from _rows(_any((values < 0) | (values > last)), f"target '{name}' is not within 0 to {last}")


def _mask_faults(arrays: Arrays) -> Iterator[str]:
    semantic, instance = arrays.get("target.semantic"), arrays.get("target.instance")
    if semantic is not None and instance is not None and semantic.shape == instance.shape:
        differ = _any((semantic > 0) != (instance > 0))
        yield from _rows(differ, "targets 'semantic' and 'instance' disagree on what is background")


def _any(wrong: NDArray[np.bool_]) -> NDArray[Any]:
    """``[n, …]``: whether anything of a row is wrong, ``[n]``."""
    return np.asarray(wrong.any(axis=tuple(range(1, wrong.ndim))))


def _rows(wrong: NDArray[Any], what: str) -> Iterator[str]:
    rows = np.flatnonzero(wrong)
    if len(rows):
        yield f"{what} in {len(rows)} images, number {rows[0]} of the file the first"


def _kind(values: NDArray[Any]) -> str:
    return f"{values.dtype} {list(values.shape)}"
