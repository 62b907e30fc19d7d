"""A dataset made ready for many processes: raw arrays in files that all of them map. Nothing else is needed.

``images.npy`` ``[N, H, W, C]`` and ``target.NAME.npy`` ``[N, ...]``, training images first, then validation, then test;
``about.json``, written last: name, classes, counts, normalisation per color space, fingerprint, channels, dtype,
resolution, targets.
"""

import hashlib
import json
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.data.dataset import Dataset, ImageSet, Normalisation
from headstart.data.transforms.color import Moments, spaces_of
from headstart.data.viewing.check import image_faults
from headstart.errors import DataError, StoreError
from headstart.files import unwritable, write_atomic
from headstart.folder import SPLITS, Manifest, read_manifest, read_shard, write_manifest

__all__ = [
    "is_stored",
    "map_array",
    "map_dataset",
    "read_about",
    "record_normalisation",
    "store_dataset",
    "write_array",
]

ABOUT, IMAGES = "about.json", "images"
Arrays = dict[str, NDArray[Any]]


def record_normalisation(folder: Path) -> None:
    """Write the training split's mean and standard deviation per color space into the dataset's manifest.

    Shard by shard, so that a dataset may be larger than memory.
    """
    manifest = read_manifest(folder)
    measured = _Measured(manifest)
    for tensors in _shards(folder, manifest):
        measured.add(tensors)
    write_manifest(folder, manifest.model_copy(update={"normalisation": measured.values()}))


def is_stored(folder: Path) -> bool:
    """Whether ``store_dataset`` has finished in ``folder``."""
    return (folder / ABOUT).exists()


def store_dataset(source: Path, out: Path) -> None:
    """Write the dataset folder ``source`` into ``out``, shard by shard, and measure its colors on the way.

    Statistics that the manifest tells are taken as they are. Raises ``DataError`` for shards that are not as the
    manifest says and for an empty split, ``StoreError`` if ``out`` cannot be written.
    """
    manifest = read_manifest(source)
    empty = [split for split in SPLITS if not manifest.counts.get(split)]
    if empty:
        raise DataError(f"{source} has no {empty[0]} images: make a dataset with more images")
    measured = _Measured(manifest)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with ExitStack() as open_files:
            writers: dict[str, _Writer] = {}
            for tensors in _shards(source, manifest):
                measured.add(tensors)
                _write_rows(tensors, writers, out, manifest, open_files)
            for writer in writers.values():
                writer.finish()
    except OSError as error:
        raise StoreError(unwritable(out, error)) from error
    about = {
        "name": manifest.name,
        "classes": manifest.classes,
        "counts": {split: manifest.counts[split] for split in SPLITS},
        "normalisation": measured.values(),
        "fingerprint": _fingerprint([shard.sha256 for shard in manifest.shards]),
        "channels": manifest.channels,
        "dtype": manifest.dtype,
        "resolution": manifest.resolution,
        "targets": sorted(name.removeprefix("target.") for name in writers if name != IMAGES),
    }
    write_atomic(out / ABOUT, json.dumps(about, indent=1).encode())


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


def write_array(path: Path, parts: Iterable[Tensor], rows: int) -> None:
    """Write an ``.npy`` file of ``rows`` rows that come a part at a time, so that it may be larger than memory.

    Raises ``StoreError`` if it cannot be written.
    """
    try:
        with path.open("wb") as file:
            for part in parts:
                values = np.ascontiguousarray(part.numpy())
                if not file.tell():
                    shape = (rows, *values.shape[1:])
                    header = {"descr": values.dtype.str, "fortran_order": False, "shape": shape}
                    np.lib.format.write_array_header_2_0(file, header)
                file.write(values.data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(unwritable(path, error)) from error


class _Measured:
    """Statistics of the training images per color space, where the manifest tells none."""

    def __init__(self, manifest: Manifest) -> None:
        spaces = spaces_of(manifest.channels)
        self._known = manifest.normalisation
        self._moments = {space: Moments(space) for space in spaces if space not in self._known}

    def add(self, tensors: dict[str, Tensor]) -> None:
        train = tensors[IMAGES][tensors["split"] == SPLITS.index("train")]
        for moments in self._moments.values():
            moments.add(train)

    def values(self) -> dict[str, dict[str, tuple[float, ...]]]:
        measured = {space: moments.normalisation() for space, moments in self._moments.items()}
        return {**self._known} | {space: {"mean": by.mean, "std": by.std} for space, by in measured.items()}


def _shards(folder: Path, manifest: Manifest) -> Iterator[dict[str, Tensor]]:
    """The tensors of each shard, whole and as the manifest has them."""
    names: set[str] = set()
    for info in manifest.shards:
        tensors = read_shard(folder / info.file, info)
        for fault in image_faults(tensors, manifest):
            raise DataError(f"{folder / info.file}: {fault}: make the dataset again")
        names = names or set(tensors)
        if different := names ^ set(tensors):
            raise DataError(
                f"{folder / info.file} and {manifest.shards[0].file} do not hold the same annotations "
                f"({', '.join(sorted(different))}): give every shard the same"
            )
        yield tensors


def _write_rows(
    tensors: dict[str, Tensor], writers: dict[str, "_Writer"], out: Path, manifest: Manifest, open_files: ExitStack
) -> None:
    """The rows of a shard, each array's in its file; files are begun with the first shard."""
    arrays = {name: values.numpy() for name, values in tensors.items() if name != "split"}
    arrays[IMAGES] = arrays[IMAGES].transpose(0, 2, 3, 1)
    counts = [manifest.counts[split] for split in SPLITS]
    for name, values in arrays.items():
        if name not in writers:
            writers[name] = open_files.enter_context(_Writer(out / f"{name}.npy", values, counts))
        for number in range(len(SPLITS)):
            writers[name].write(number, values[tensors["split"].numpy() == number])


class _Writer:
    """A ``.npy`` file that is filled at several offsets at once, one per split, under another name until it is whole.

    It is written and not mapped, because a full disk ends a process that writes to a map.
    """

    def __init__(self, path: Path, like: NDArray[Any], counts: list[int]) -> None:
        self.path, self.partial = path, path.with_suffix(".partial")
        row = like.nbytes // len(like)
        header = {"descr": like.dtype.str, "fortran_order": False, "shape": (sum(counts), *like.shape[1:])}
        self.file: BinaryIO = self.partial.open("wb")
        np.lib.format.write_array_header_2_0(self.file, header)
        begin = self.file.tell()
        self.offsets = [begin + row * sum(counts[:number]) for number in range(len(counts))]
        self.ends = [offset + row * count for offset, count in zip(self.offsets, counts, strict=True)]

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.partial.unlink(missing_ok=True)

    def write(self, split: int, rows: NDArray[Any]) -> None:
        """Rows that follow those of ``split`` so far. Raises ``DataError`` for more than were announced."""
        begin = self.offsets[split]
        self.offsets[split] += rows.nbytes
        if self.offsets[split] > self.ends[split]:
            raise self._miscounted(split)
        self.file.seek(begin)
        self.file.write(np.ascontiguousarray(rows).data)

    def finish(self) -> None:
        """Make the file whole. Raises ``DataError`` for fewer rows than were announced."""
        for split, (offset, end) in enumerate(zip(self.offsets, self.ends, strict=True)):
            if offset != end:
                raise self._miscounted(split)
        self.file.flush()
        os.fsync(self.file.fileno())
        self.partial.replace(self.path)

    def _miscounted(self, split: int) -> DataError:
        return DataError(
            f"dataset.json tells another number of {SPLITS[split]} images than the shards hold: `headstart data check` "
            "says more"
        )


def _fingerprint(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
