"""A dataset made ready for many processes: raw arrays in files that all of them map. Nothing else is needed.

``images.npy`` ``[N, H, W, C]`` and ``target.NAME.npy`` ``[N, ...]``, training images first, then validation, then test,
in the dataset's ``Order``;
``about.json``, written last: name, classes, counts, normalisation per color space, fingerprint, channels, dtype,
resolution, targets.
"""

import json
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.data.batches.array_writer import PlacedWriter
from headstart.data.batches.orders import Order, order_of
from headstart.data.dataset import Dataset, ImageSet, Normalisation
from headstart.data.faults import image_faults
from headstart.data.transforms.color import Moments, spaces_of
from headstart.errors import DataError, StoreError
from headstart.files import unwritable, write_atomic
from headstart.folder import SPLITS, Manifest, read_manifest, read_shard, write_manifest

__all__ = [
    "is_stored",
    "map_array",
    "map_dataset",
    "read_about",
    "record_normalisation",
    "shards_of",
    "store_dataset",
]

ABOUT, IMAGES = "about.json", "images"


def record_normalisation(folder: Path) -> None:
    """Write the training split's mean and standard deviation per color space into the dataset's manifest.

    Shard by shard, so that a dataset may be larger than memory.
    """
    manifest = read_manifest(folder)
    measured = _Measured(manifest)
    for tensors in shards_of(folder, manifest):
        measured.add(tensors)
    write_manifest(folder, manifest.model_copy(update={"normalisation": measured.values()}))


def is_stored(folder: Path) -> bool:
    """Whether ``store_dataset`` has finished in ``folder``."""
    return (folder / ABOUT).exists()


def store_dataset(source: Path, out: Path) -> None:
    """Write the dataset folder ``source`` into ``out``, shard by shard in its ``Order``, and measure its colors.

    Statistics that the manifest tells are taken as they are. Raises ``DataError`` for shards that are not as the
    manifest says and for an empty split, ``StoreError`` if ``out`` cannot be written.
    """
    manifest = read_manifest(source)
    empty = [split for split in SPLITS if not manifest.counts.get(split)]
    if empty:
        raise DataError(f"{source} has no {empty[0]} images: make a dataset with more images")
    measured, order = _Measured(manifest), order_of(manifest, shards_of(source, manifest))
    try:
        out.mkdir(parents=True, exist_ok=True)
        names = _write_shards(source, out, manifest, order, measured)
        if order.by_content:  # sums of floats depend on their order
            measured.add_images(map_array(out, IMAGES)[: manifest.counts["train"]].permute(0, 3, 1, 2))
    except OSError as error:
        raise StoreError(unwritable(out, error)) from error
    about = {
        "name": manifest.name,
        "classes": order.classes,
        "counts": {split: manifest.counts[split] for split in SPLITS},
        "normalisation": measured.values(),
        "fingerprint": order.fingerprint,
        "channels": manifest.channels,
        "dtype": manifest.dtype,
        "resolution": manifest.resolution,
        "targets": sorted(name.removeprefix("target.") for name in names if name != IMAGES),
    }
    write_atomic(out / ABOUT, json.dumps(about, indent=1).encode())


def _write_shards(source: Path, out: Path, manifest: Manifest, order: Order, measured: "_Measured") -> list[str]:
    """Every array in a file of its own, begun with the first shard; their names."""
    writers: dict[str, PlacedWriter] = {}
    seen, start = np.zeros(len(SPLITS), dtype=np.int64), 0
    with ExitStack() as open_files:
        for tensors in shards_of(source, manifest):
            splits = tensors["split"].numpy()
            seen += np.bincount(splits, minlength=len(SPLITS))
            _check_counts(seen, manifest, whole=False)
            places = order.places(start, splits)
            for name, values in order.arrays(tensors).items():
                if name not in writers:
                    path = out / f"{name}.npy"
                    writers[name] = open_files.enter_context(PlacedWriter(path, values, manifest.images))
                writers[name].write(places, values)
            if not order.by_content:
                measured.add(tensors)
            start += len(splits)
        _check_counts(seen, manifest, whole=True)
        for writer in writers.values():
            writer.finish()
    return list(writers)


def _check_counts(seen: NDArray[np.int64], manifest: Manifest, whole: bool) -> None:
    for split, count in zip(SPLITS, seen.tolist(), strict=True):
        if count > manifest.counts[split] or (whole and count < manifest.counts[split]):
            raise DataError(
                f"dataset.json tells another number of {split} images than the shards hold: `headstart data check` "
                "says more"
            )


def read_about(folder: Path) -> dict[str, Any]:
    """What ``about.json`` says. Raises ``DataError`` if it is missing or damaged."""
    try:
        return dict(json.loads((folder / ABOUT).read_bytes()))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{folder / ABOUT} is damaged ({error}): delete {folder} and run the same command again"
        ) from error


def map_dataset(folder: Path) -> Dataset:
    """What ``store_dataset`` wrote, mapped: raw images ``[N, C, H, W]`` of which a process reads what it uses.

    Raises ``DataError`` for files that are missing or damaged.
    """
    about = read_about(folder)
    try:
        images = map_array(folder, IMAGES).permute(0, 3, 1, 2)
        targets = {name: map_array(folder, f"target.{name}") for name in about["targets"]}
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{folder} is damaged ({error}): delete it and run the same command again") from error
    splits, start = {}, 0
    for split, count in about["counts"].items():
        rows = slice(start, start + count)
        splits[split] = ImageSet(images[rows], {name: values[rows] for name, values in targets.items()})
        start += count
    normalisation = {space: Normalisation(**_tuples(values)) for space, values in about["normalisation"].items()}
    return Dataset(about["name"], splits, tuple(about["classes"]), normalisation, about["fingerprint"])


def _tuples(values: dict[str, list[float]]) -> dict[str, tuple[float, ...]]:
    return {name: tuple(numbers) for name, numbers in values.items()}


def map_array(folder: Path, name: str) -> Tensor:
    """The array of ``NAME.npy``, read-only: pages are shared by all processes and count for none.

    Raises ``OSError`` or ``ValueError`` for a file that is missing or damaged.
    """
    array = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable", UserWarning)
        return torch.from_numpy(array)


class _Measured:
    """Statistics of the training images per color space that they have, where the manifest tells none."""

    def __init__(self, manifest: Manifest) -> None:
        spaces = spaces_of(manifest.channels)
        self._known = manifest.normalisation
        self._moments = {space: Moments(space) for space in spaces if space not in self._known}

    def add(self, tensors: dict[str, Tensor]) -> None:
        self.add_images(tensors[IMAGES][tensors["split"] == SPLITS.index("train")])

    def add_images(self, train: Tensor) -> None:
        for moments in self._moments.values():
            moments.add(train)

    def values(self) -> dict[str, dict[str, tuple[float, ...]]]:
        possible = {space: moments for space, moments in self._moments.items() if not moments.outside}
        measured = {space: moments.normalisation() for space, moments in possible.items()}
        return {**self._known} | {space: {"mean": by.mean, "std": by.std} for space, by in measured.items()}


def shards_of(folder: Path, manifest: Manifest) -> Iterator[dict[str, Tensor]]:
    """The tensors of each shard, whole and as the manifest has them."""
    names: set[str] = set()
    for info in manifest.shards:
        tensors = read_shard(folder / info.file, info)
        for fault in image_faults({name: values.numpy() for name, values in tensors.items()}, manifest):
            raise DataError(f"{folder / info.file}: {fault}: make the dataset again")
        names = names or set(tensors)
        if different := names ^ set(tensors):
            raise DataError(
                f"{folder / info.file} and {manifest.shards[0].file} do not hold the same annotations "
                f"({', '.join(sorted(different))}): give every shard the same"
            )
        yield tensors
