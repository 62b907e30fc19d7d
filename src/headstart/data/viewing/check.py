"""Whether a dataset folder holds what it says, file by file."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from headstart.errors import DataError
from headstart.folder import MANIFEST, SPLITS, Manifest, read_manifest, read_shard
from headstart.scenes.pose import POSES

__all__ = ["Checked", "check_folder", "faults", "image_faults"]

SHAPES: dict[str, tuple[torch.dtype, int]] = {
    "class": (torch.int64, 1),
    "group": (torch.int64, 1),
    "pose": (torch.int64, 1),
    "rotation": (torch.float32, 3),
    "semantic": (torch.uint8, 3),
    "instance": (torch.uint8, 3),
    "depth": (torch.float16, 3),
}
"""Type and number of axes of each target."""
ORTHOGONAL = 1e-3
"""How far a rotation times its transpose may be from the identity; float32 leaves about 1e-6."""


@dataclass(frozen=True)
class Checked:
    """findings: (file, what is wrong with it), none if all is well."""

    manifest: Manifest
    targets: tuple[str, ...]
    findings: tuple[tuple[Path, str], ...]


def check_folder(folder: Path, look: Callable[[Mapping[str, Tensor]], None] = lambda _: None) -> Checked:
    """Read every shard of a dataset folder and compare it with the manifest and with what its targets mean.

    look: called with the tensors of each shard that is as it should be. Raises ``DataError`` if there is no readable
    manifest.
    """
    manifest = read_manifest(folder, unfinished=True)
    counts: Counter[str] = Counter()
    findings: list[tuple[Path, str]] = []
    targets: tuple[str, ...] | None = None
    for info in manifest.shards:
        path = folder / info.file
        try:
            tensors = read_shard(path, info)
        except DataError as error:
            findings.append((path, str(error)))
            continue
        names = tuple(sorted(name.removeprefix("target.") for name in tensors if name.startswith("target.")))
        targets = names if targets is None else targets
        if names != targets:
            findings.append((path, f"{path} has the targets {_list(names)}, and shards before it {_list(targets)}"))
        wrong = list(faults(tensors, manifest))
        findings += [(path, f"{path}: {fault}") for fault in wrong]
        if not wrong:
            counts.update(SPLITS[number] for number in tensors["split"].tolist())
            look(tensors)
    findings += [(folder / MANIFEST, fault) for fault in _miscounted(manifest, counts, bool(findings), folder)]
    return Checked(manifest, targets or (), tuple(findings))


def faults(tensors: Mapping[str, Tensor], manifest: Manifest) -> Iterator[str]:
    """What is wrong with a shard's tensors, a clause each: types, shapes, and values outside of their range."""
    faults = list(image_faults(tensors, manifest))
    yield from faults
    if not faults:
        yield from _annotation_faults(tensors, manifest)


def image_faults(tensors: Mapping[str, Tensor], manifest: Manifest) -> Iterator[str]:
    """What is wrong with a shard's images, whatever is known of them, and with their splits."""
    images = tensors.get("images", torch.empty(0))
    expected = [manifest.channels, manifest.resolution, manifest.resolution]
    if images.dtype != getattr(torch, manifest.dtype) or list(images.shape[1:]) != expected:
        yield f"images are {_kind(images)}, not {manifest.dtype} [n, {', '.join(map(str, expected))}]"
        return
    if images.is_floating_point():
        yield from _rows(~images.isfinite().flatten(1).all(dim=1), "values are not finite")
    lengths = {name: len(values) for name, values in tensors.items()}
    for name, length in lengths.items():
        if length != len(images):
            yield f"{name} has {length} rows for {len(images)} images"
            return
    split = tensors.get("split", torch.empty(0))
    if split.dtype != torch.uint8 or split.shape != (len(images),) or bool((split >= len(SPLITS)).any()):
        yield f"split is not 0, 1 or 2 for each image, as uint8 [{len(images)}]"


def _annotation_faults(tensors: Mapping[str, Tensor], manifest: Manifest) -> Iterator[str]:
    for name, (dtype, axes) in SHAPES.items():
        values = tensors.get(f"target.{name}")
        if values is not None:
            yield from _target_faults(name, values, dtype, axes, manifest)
    yield from _mask_faults(tensors)


def _target_faults(name: str, values: Tensor, dtype: torch.dtype, axes: int, manifest: Manifest) -> Iterator[str]:
    side = 3 if name == "rotation" else manifest.resolution
    if values.dtype != dtype or list(values.shape[1:]) != [side] * (axes - 1):
        yield f"target '{name}' is {_kind(values)}, not {dtype} {['n', *[side] * (axes - 1)]}".replace("torch.", "")
        return
    if name in ("class", "group", "pose", "semantic"):
        yield from _range_faults(name, values, manifest)
    elif name == "rotation":
        drift = (values @ values.mT - torch.eye(3)).abs().amax(dim=(1, 2))
        turns = (drift < ORTHOGONAL) & (torch.linalg.det(values) > 0)
        yield from _rows(~turns, "target 'rotation' is no rotation matrix")
    elif name == "depth":
        yield from _rows(~(values > 0).flatten(1).all(dim=1), "target 'depth' is not above 0 everywhere")


def _range_faults(name: str, values: Tensor, manifest: Manifest) -> Iterator[str]:
    classes, groups = len(manifest.classes), len(manifest.groups)
    last = {"class": classes - 1, "group": groups - 1, "pose": len(POSES) - 1, "semantic": classes}[name]
    outside = ((values < 0) | (values > last)).flatten(1 if values.ndim > 1 else 0)
    yield from _rows(outside.any(dim=1) if outside.ndim > 1 else outside, f"target '{name}' is not within 0 to {last}")


def _mask_faults(tensors: Mapping[str, Tensor]) -> Iterator[str]:
    semantic, instance = tensors.get("target.semantic"), tensors.get("target.instance")
    if semantic is not None and instance is not None and semantic.shape == instance.shape:
        differ = ((semantic > 0) != (instance > 0)).flatten(1).any(dim=1)
        yield from _rows(differ, "targets 'semantic' and 'instance' disagree on what is background")


def _rows(wrong: Tensor, what: str) -> Iterator[str]:
    if wrong.any():
        rows = torch.nonzero(wrong).flatten()
        yield f"{what} in {len(rows)} images, number {int(rows[0])} of the file the first"


def _miscounted(manifest: Manifest, counts: Mapping[str, int], damaged: bool, folder: Path) -> Iterator[str]:
    """Only of shards that are whole: damaged ones are findings already, and lack images for that reason."""
    if manifest.rendered < manifest.images:
        yield f"{folder} is unfinished ({manifest.rendered} of {manifest.images} images)"
    elif not damaged:
        for split in SPLITS:
            said, held = manifest.counts.get(split, 0), counts.get(split, 0)
            if held != said:
                yield f"{folder / MANIFEST} counts {said} {split} images, and the shards hold {held}"


def _kind(values: Tensor) -> str:
    return f"{values.dtype} {list(values.shape)}".removeprefix("torch.")


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"
