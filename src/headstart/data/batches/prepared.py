"""Prepared datasets: normalised half-precision images in one file that every process maps instead of reading."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from headstart.data.dataset import SPLITS, Dataset, ImageSet, Normalisation
from headstart.data.transforms.color import ColorSpace, measure_normalisation, normalise
from headstart.errors import DataError
from headstart.folder import Manifest, read_folder, read_manifest, read_shard, write_atomic, write_manifest

__all__ = ["load_prepared", "prepare", "record_normalisation"]

TENSORS, ABOUT = "prepared.safetensors", "prepared.json"


def record_normalisation(folder: Path) -> None:
    """Write the training split's mean and standard deviation per color space into the dataset's manifest.

    Shard by shard, so that a dataset may be larger than memory.
    """
    manifest = read_manifest(folder)
    spaces: tuple[ColorSpace, ...] = ("lab", "rgb") if manifest.channels == 3 else ("rgb",)
    measured = {space: measure_normalisation(_training_images(folder, manifest), space) for space in spaces}
    values = {space: {"mean": by.mean, "std": by.std} for space, by in measured.items()}
    write_manifest(folder, manifest.model_copy(update={"normalisation": values}))


def _training_images(folder: Path, manifest: Manifest) -> Iterator[Tensor]:
    for info in manifest.shards:
        tensors = read_shard(folder / info.file, info)
        yield tensors["images"][tensors["split"] == SPLITS.index("train")]


def prepare(source: Path, out: Path, space: ColorSpace) -> None:
    """Normalise the dataset folder ``source`` into ``out``: images float16 ``[N, H, W, C]``, split after split."""
    manifest, tensors = read_folder(source)
    order = torch.argsort(tensors["split"], stable=True)
    tensors = {name: values[order] for name, values in tensors.items()}
    counts = torch.bincount(tensors["split"].long(), minlength=len(SPLITS)).tolist()
    empty = [split for split, count in zip(SPLITS, counts, strict=True) if not count]
    if empty:
        raise DataError(f"{source} has no {empty[0]} images: make a dataset with more images")
    by = _normalisation(manifest.normalisation, space, tensors["images"][: counts[0]])
    images = normalise(tensors["images"], space, by)
    targets = {name: values for name, values in tensors.items() if name.startswith("target.")}
    out.mkdir(parents=True, exist_ok=True)
    about = {
        "name": manifest.name,
        "classes": manifest.classes,
        "counts": dict(zip(SPLITS, counts, strict=True)),
        "normalisation": {space: {"mean": by.mean, "std": by.std}},
        "fingerprint": _fingerprint([shard.sha256 for shard in manifest.shards]),
    }
    partial = out / f"{TENSORS}.partial"
    save_file({"images": images.permute(0, 2, 3, 1), **targets}, partial)
    partial.replace(out / TENSORS)
    write_atomic(out / ABOUT, json.dumps(about, indent=1).encode())


def load_prepared(folder: Path) -> Dataset:
    """What ``prepare`` wrote; images are float16 ``[N, C, H, W]``, channels-last, mapped from the file."""
    about = json.loads((folder / ABOUT).read_text())
    tensors = _map_tensors(folder / TENSORS)
    images = tensors.pop("images").permute(0, 3, 1, 2)
    targets = {name.removeprefix("target."): values for name, values in tensors.items()}
    splits, start = {}, 0
    for split, count in about["counts"].items():
        rows = slice(start, start + count)
        splits[split] = ImageSet(images[rows], {name: values[rows] for name, values in targets.items()})
        start += count
    normalisation = {space: Normalisation(**values) for space, values in about["normalisation"].items()}
    return Dataset(about["name"], splits, tuple(about["classes"]), normalisation, about["fingerprint"])


def _normalisation(known: dict[str, Any], space: ColorSpace, train: Tensor) -> Normalisation:
    return Normalisation(**known[space]) if space in known else measure_normalisation(train, space)


def _map_tensors(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError) as error:
        raise DataError(f"{path} cannot be read ({error}): delete its folder and run the same command again") from error


def _fingerprint(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
