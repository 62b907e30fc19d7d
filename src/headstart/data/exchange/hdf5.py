"""HDF5 in the layout of the original study's code: ``train.h5``, ``val.h5`` and ``test.h5``, a row per image.

``data``: float16 ``[N, 3, H, W]``, CIE Lab less its mean, by its standard deviation (attributes ``space``, ``mean`` and
``std``; those of the original study) · ``targets``: int64 ``[N]``, class · ``rot_mat``: float32 ``[N, 3, 3]`` ·
``pose``: int64 ``[N]`` · ``semantic``, ``instance``: uint8 ``[N, H, W]`` · ``depth``: float16 ``[N, H, W]``.
Half precision in Lab does not hold every 8-bit color, so two more make the way back exact: ``images``, uint8 sRGB, and
``index``, the row in the dataset folder. The root's attribute ``classes`` is a JSON list of names.

A file from elsewhere needs no more than ``data`` (or ``images``). Its images are made from ``data``, by its attributes,
by options, or by the original study's numbers. Pose follows from ``rot_mat``; ``targets`` of ``[N, H, W]`` are
semantic.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.account import Account
from headstart.data.exchange.base import Format, Reader, ReadOptions, needs, new_manifest
from headstart.data.exchange.doubts import class_doubts
from headstart.data.exchange.hdf5_header import DATASETS, Header, plain, read_header
from headstart.data.exchange.hdf5_write import write_hdf5
from headstart.data.exchange.kinds import RGB
from headstart.data.exchange.provenance import Provenance, read_provenance
from headstart.data.exchange.reference_lab import LAB_MEAN, LAB_STD, from_normalised
from headstart.data.exchange.splits import SPLIT_WORDS, UNKNOWN, complete_splits, drawn_splits, told_splits
from headstart.data.exchange.stored import TARGETS, Arrays, as_target
from headstart.data.transforms.config import ColorSpace
from headstart.errors import DataError
from headstart.scenes.pose import pose_class

__all__ = ["HDF5", "Hdf5Options"]

SUFFIXES = (".h5", ".hdf5")
Statistics = tuple[float, float, float]


class Hdf5Options(ReadOptions):
    """How to read a file from elsewhere. resolution: must be that of the file, if given. space, mean, std: undone to
    make pictures of ``data``; by default what the file's attributes say, or else those of the original study."""

    space: ColorSpace | None = None
    mean: Statistics | None = None
    std: Statistics | None = None


@dataclass
class Hdf5Reader(Reader):
    """Rows of several files. files: after each other. order: the index there of each row of ours. columns: the name in
    the files of each target. starts: number of the first row of each file."""

    files: Sequence[Path]
    starts: NDArray[np.int64]
    order: NDArray[np.int64]
    columns: Mapping[str, str]
    options: Hdf5Options

    def read(self, start: int, stop: int) -> Arrays:
        rows = self.order[start:stop]
        owners = np.searchsorted(self.starts, rows, side="right") - 1
        arrays: Arrays = {}
        for number in np.unique(owners).tolist():
            mine = owners == number
            part = self._part(self.files[number], rows[mine] - self.starts[number])
            for name, values in part.items():
                arrays.setdefault(name, np.empty((len(rows), *values.shape[1:]), values.dtype))[mine] = values
        return arrays

    def _part(self, path: Path, rows: NDArray[np.int64]) -> Arrays:
        """Rows of one file. They are read as one run, and picked from it: HDF5 is slow at single rows."""
        first, run = int(rows.min()), slice(int(rows.min()), int(rows.max()) + 1)
        try:
            with needs("h5py", "hdf5").File(path, "r") as file:
                targets = {name: plain(file, column)[run][rows - first] for name, column in self.columns.items()}
                images = self._images(file, run)[rows - first]
        except (OSError, KeyError) as error:
            raise DataError(f"{path} cannot be read ({error}): make it again") from error
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
        try:
            return {"images": images, **{f"target.{name}": _typed(name, values) for name, values in targets.items()}}
        except DataError as error:
            raise DataError(f"{path}: {error}") from None

    def _images(self, file: Any, run: slice) -> NDArray[np.uint8]:
        if "images" in file:
            pixels: NDArray[np.uint8] = plain(file, "images")[run]
            return pixels
        data = plain(file, "data")
        said = {key: data.attrs[key] for key in ("space", "mean", "std") if key in data.attrs}
        space = self.options.space or str(said.get("space", "lab"))
        if space not in ("lab", "rgb"):
            raise DataError(f"`data` is in the color space '{space}': give space=lab or space=rgb")
        mean = self.options.mean or said.get("mean", LAB_MEAN)
        std = self.options.std or said.get("std", LAB_STD)
        return from_normalised(data[run], "lab" if space == "lab" else "rgb", list(mean), list(std))


def _typed(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """A target in the type that it has here. Pose is given as such, or as the rotation that it follows from."""
    if name in ("pose", "rotation") and values.ndim > 1:
        rotation = values.reshape(len(values), 3, 3).astype(np.float32)
        return rotation if name == "rotation" else pose_class(rotation)
    return as_target(name, values)


def read_hdf5(path: Path, options: Hdf5Options) -> Reader:
    """A reader of one file or of a folder with one per split. Raises ``DataError`` if they are not in the layout."""
    files = sorted(entry for entry in path.iterdir() if entry.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path} holds no HDF5 files ({', '.join(SUFFIXES)}): name a folder that does")
    headers = [read_header(file) for file in files]
    for file, header in zip(files, headers, strict=True):
        if (header.shape, header.columns) != (headers[0].shape, headers[0].columns):
            raise DataError(f"{file} and {files[0]} differ in the shape of images or in targets: make them alike")
    counts = [header.rows for header in headers]
    starts = np.cumsum([0, *counts[:-1]])
    given = np.repeat([_split_of_file(file, len(files)) for file in files], counts)
    provenance = read_provenance(path)
    if provenance:
        return _exported(provenance, files, starts, given, headers, options)
    return _foreign(path, files, starts, given, headers, options)


def _split_of_file(path: Path, files: int) -> int:
    """The split that a file's name begins with. A file on its own may be called anything."""
    words = [SPLIT_WORDS[word] for word in path.stem.lower().replace("-", "_").split("_") if word in SPLIT_WORDS]
    if not words and files > 1:
        raise DataError(f"{path} is one of {files} files, and its name tells no split: name them train, val and test")
    return words[0] if words and files > 1 else UNKNOWN


def _exported(
    provenance: Provenance, files: Sequence[Path], starts: NDArray[np.int64], given: NDArray[np.int64],
    headers: Sequence[Header], options: Hdf5Options,
) -> Hdf5Reader:  # fmt: skip
    parts = [header.index for header in headers if header.index is not None]
    if len(parts) < len(headers):
        raise DataError(f"{files[0].parent} has files without `index`: export it again, or remove provenance.json")
    order = np.argsort(np.concatenate(parts), kind="stable")
    columns = {name: DATASETS[name] for name in provenance.targets}
    splits = given[order].astype(np.uint8)
    return Hdf5Reader(provenance.dataset, splits, provenance.targets, files, starts, order, columns, options)


def _foreign(
    path: Path, files: Sequence[Path], starts: NDArray[np.int64], given: NDArray[np.int64],
    headers: Sequence[Header], options: Hdf5Options,
) -> Hdf5Reader:  # fmt: skip
    splits = complete_splits(given.tolist(), [str(row) for row in range(len(given))], options.seed)
    side = headers[0].shape[-1]
    if options.resolution not in (None, side):
        raise DataError(f"{path} has images of {side} pixels per side, not {options.resolution}: leave resolution out")
    undone = options.model_dump(mode="json", include={"space", "mean", "std"}, exclude_none=True)
    made_by = {"imported": "hdf5", "resolution": side, "seed": options.seed, **undone}
    top = max(header.top for header in headers)
    classes = headers[0].classes or tuple(str(number) for number in range(top + 1))
    manifest = new_manifest(path.resolve().stem, made_by, RGB, classes, splits)
    targets = tuple(name for name in TARGETS if name in headers[0].columns)
    reader = Hdf5Reader(manifest, splits, targets, files, starts, np.arange(len(given)), headers[0].columns, options)
    told = [*told_splits(given.tolist(), "the names of files"), *drawn_splits(given.tolist())]
    numbers = np.concatenate([header.numbers for header in headers])
    notes = [f"{path}: {doubt}" for doubt in class_doubts(classes, numbers, splits)]
    reader.account = Account(used=len(files), sizes=Counter({(side, side): len(given)}), guesses=told, notes=notes)
    return reader


def _recognises(path: Path) -> bool:
    files = path.iterdir() if path.is_dir() else [path]
    return any(entry.suffix.lower() in SUFFIXES for entry in files)


HDF5 = Format(
    "hdf5", "HDF5 in the original study's layout.", Hdf5Options, write_hdf5, read_hdf5, _recognises, scales=False
)
