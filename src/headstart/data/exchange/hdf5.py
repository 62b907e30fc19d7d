"""HDF5 in the layout of the original study's code: ``train.h5``, ``val.h5`` and ``test.h5``, a row per image.

``data``: float16 ``[N, 3, H, W]``, CIE Lab less its mean, by its standard deviation (attributes ``space``, ``mean`` and
``std``; those of the original study) · ``targets``: int64 ``[N]``, class · ``rot_mat``: float32 ``[N, 3, 3]`` ·
``pose``: int64 ``[N]`` · ``semantic``, ``instance``: uint8 ``[N, H, W]`` · ``depth``: float16 ``[N, H, W]``.
Half precision in Lab does not hold every 8-bit colour, so two more make the way back exact: ``images``, uint8 sRGB, and
``index``, the row in the dataset folder. The root's attribute ``classes`` is a JSON list of names.

A file from elsewhere needs no more than ``data`` (or ``images``). Its images are made from ``data``, by its attributes,
by options, or by the original study's numbers. Pose follows from ``rot_mat``; ``targets`` of ``[N, H, W]`` are
semantic.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.color import ColorSpace
from headstart.data.dataset import SPLITS
from headstart.data.exchange.base import TARGETS, Arrays, Format, Reader, ReadOptions, Stored, needs, new_manifest
from headstart.data.exchange.lab import LAB_MEAN, LAB_STD, from_normalised, to_normalised
from headstart.data.exchange.provenance import Provenance, read_provenance
from headstart.data.exchange.splits import SPLIT_WORDS, UNKNOWN, complete_splits
from headstart.errors import DataError
from headstart.scenes.pose import pose_class

__all__ = ["HDF5", "Hdf5Options"]

DATASETS = {"class": "targets", "rotation": "rot_mat"} | {
    name: name for name in ("pose", "semantic", "instance", "depth")
}
"""What a target is called in the file."""
SUFFIXES = (".h5", ".hdf5")
BATCH = 100
Statistics = tuple[float, float, float]


class Hdf5Options(ReadOptions):
    """How to read a file from elsewhere. resolution: must be that of the file, if given. space, mean, std: undone to
    make pictures of ``data``; by default what the file's attributes say, or else those of the original study."""

    space: ColorSpace | None = None
    mean: Statistics | None = None
    std: Statistics | None = None


def write_hdf5(stored: Stored, out: Path, report: Callable[[int], None]) -> None:
    """Write ``stored`` into the empty folder ``out``."""
    h5py = needs("h5py", "hdf5")
    if stored.manifest.channels != 3:
        raise DataError(f"images with {stored.manifest.channels} channels have no Lab form: export to webdataset")
    filled = [0] * len(SPLITS)
    with ExitStack() as open_files:
        files = [open_files.enter_context(h5py.File(out / f"{split}.h5", "w")) for split in SPLITS]
        for split, file in zip(SPLITS, files, strict=True):
            _lay_out(file, stored, stored.manifest.counts.get(split, 0))
        for start, arrays in stored.batches(BATCH):
            for number, file in enumerate(files):
                rows = np.flatnonzero(arrays["split"] == number)
                stop = filled[number] + len(rows)
                if len(rows):
                    for name, values in _columns(arrays, rows, start, stored.targets).items():
                        file[name][filled[number] : stop] = values
                filled[number] = stop
            report(start + len(arrays["split"]))


def _lay_out(file: Any, stored: Stored, rows: int) -> None:
    side = stored.manifest.resolution
    shapes = {"rotation": (3, 3), "class": (), "pose": ()}
    file.attrs["classes"] = json.dumps(stored.manifest.classes)
    file.create_dataset("index", (rows,), np.int64)
    file.create_dataset("images", (rows, 3, side, side), np.uint8)
    data = file.create_dataset("data", (rows, 3, side, side), np.float16)
    data.attrs.update(space="lab", mean=LAB_MEAN, std=LAB_STD)
    for name in stored.targets:
        file.create_dataset(DATASETS[name], (rows, *shapes.get(name, (side, side))), TARGETS[name])


def _columns(arrays: Arrays, rows: NDArray[np.int64], start: int, targets: Sequence[str]) -> Arrays:
    images = arrays["images"][rows]
    found = {"index": rows + start, "images": images, "data": to_normalised(images, LAB_MEAN, LAB_STD)}
    return found | {DATASETS[name]: arrays[f"target.{name}"][rows] for name in targets}


@dataclass
class Hdf5Reader(Reader):
    """Rows of several files. files: after each other. order: the place there of each row of ours. columns: the name in
    the files of each target. starts: number of the first row of each file."""

    files: Sequence[Path]
    starts: NDArray[np.int64]
    order: NDArray[np.int64]
    columns: Mapping[str, str]
    options: Hdf5Options

    def read(self, start: int, stop: int) -> Arrays:
        places = self.order[start:stop]
        owners = np.searchsorted(self.starts, places, side="right") - 1
        arrays: Arrays = {}
        for number in np.unique(owners).tolist():
            mine = owners == number
            part = self._part(self.files[number], places[mine] - self.starts[number])
            for name, values in part.items():
                arrays.setdefault(name, np.empty((len(places), *values.shape[1:]), values.dtype))[mine] = values
        return arrays

    def _part(self, path: Path, rows: NDArray[np.int64]) -> Arrays:
        """Rows of one file. They are read as one run, and picked from it: HDF5 is slow at single rows."""
        first, run = int(rows.min()), slice(int(rows.min()), int(rows.max()) + 1)
        try:
            with needs("h5py", "hdf5").File(path, "r") as file:
                found = {name: _plain(file, column)[run][rows - first] for name, column in self.columns.items()}
                images = self._images(file, run)[rows - first]
        except (OSError, KeyError) as error:
            raise DataError(f"{path} cannot be read ({error}): make it again") from error
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
        return {"images": images, **{f"target.{name}": _typed(name, values) for name, values in found.items()}}

    def _images(self, file: Any, run: slice) -> NDArray[np.uint8]:
        if "images" in file:
            pixels: NDArray[np.uint8] = _plain(file, "images")[run]
            return pixels
        data = _plain(file, "data")
        said = {key: data.attrs[key] for key in ("space", "mean", "std") if key in data.attrs}
        space = self.options.space or str(said.get("space", "lab"))
        if space not in ("lab", "rgb"):
            raise DataError(f"`data` is in the colour space '{space}': give space=lab or space=rgb")
        mean = self.options.mean or said.get("mean", LAB_MEAN)
        std = self.options.std or said.get("std", LAB_STD)
        return from_normalised(data[run], "lab" if space == "lab" else "rgb", list(mean), list(std))


def _typed(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """A target in the type that it has here. Pose is given as such, or as the rotation that it follows from."""
    if name in ("pose", "rotation") and values.ndim > 1:
        rotation = values.reshape(len(values), 3, 3).astype(np.float32)
        return rotation if name == "rotation" else pose_class(rotation)
    return values.astype(TARGETS[name])


def read_hdf5(path: Path, options: Hdf5Options) -> Reader:
    """A reader of one file or of a folder with one per split. Raises ``DataError`` if they are not in the layout."""
    files = sorted(entry for entry in path.iterdir() if entry.suffix in SUFFIXES) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path} holds no HDF5 files ({', '.join(SUFFIXES)}): name a folder that does")
    headers = [_header(file) for file in files]
    for file, header in zip(files, headers, strict=True):
        if (header.shape, header.columns) != (headers[0].shape, headers[0].columns):
            raise DataError(f"{file} and {files[0]} differ in the shape of images or in targets: make them alike")
    counts = [header.rows for header in headers]
    starts = np.cumsum([0, *counts[:-1]])
    given = np.repeat([_split_of_file(file, len(files)) for file in files], counts)
    provenance = read_provenance(path)
    if provenance:
        return _own(provenance, files, starts, given, headers, options)
    return _foreign(path, files, starts, given, headers, options)


@dataclass(frozen=True)
class Header:
    """What is known of a file without its pictures. index: rows in the dataset folder, if it tells them. shape: of an
    image. labels: of classes, in use. classes: names, if it tells them."""

    rows: int
    shape: tuple[int, ...]
    columns: Mapping[str, str]
    index: NDArray[np.int64] | None
    top: int
    classes: tuple[str, ...]


def _header(path: Path) -> Header:
    h5py = needs("h5py", "hdf5")
    try:
        with h5py.File(path, "r") as file:
            return _read_header(file)
    except (OSError, KeyError, ValueError) as error:
        raise DataError(f"{path} is no whole HDF5 file in this layout ({error}): make or download it again") from error
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def _read_header(file: Any) -> Header:
    name = "images" if "images" in file else "data"
    if name not in file:
        raise DataError(f"it has neither `data` nor `images`, only {', '.join(file) or 'nothing'}: name another file")
    images = _plain(file, name)
    if images.ndim != 4 or images.shape[1] != 3 or images.shape[2] != images.shape[3]:
        raise DataError(
            f"`{name}` has the shape {list(images.shape)}, and images are [N, 3, H, H]: transpose or cut it"
        )
    columns = _present(file)
    for target, column in columns.items():
        if len(_plain(file, column)) != len(images):
            raise DataError(f"`{column}` has {len(file[column])} rows for {len(images)} images: make it again")
        if column == "rot_mat" and file[column].size != len(images) * 9:
            raise DataError(f"`{column}` has the shape {list(file[column].shape)}, not [N, 3, 3]: make it again")
        if target == "class" and file[column].ndim != 1:
            raise DataError(f"`{column}` has the shape {list(file[column].shape)}, not [N]: make it again")
    index = np.asarray(_plain(file, "index")) if "index" in file else None
    labels = next((columns[name] for name in ("class", "semantic") if name in columns), None)
    top = int(file[labels][:].max()) - ("class" not in columns) if labels and len(images) else -1
    return Header(
        len(images), images.shape[1:], columns, index, top, tuple(json.loads(file.attrs.get("classes", "[]")))
    )


def _present(file: Any) -> dict[str, str]:
    """Which targets the file has, and in which dataset."""
    found = {name: column for name, column in DATASETS.items() if column in file}
    if "class" in found and _plain(file, "targets").ndim == 3:
        found["semantic"] = found.pop("class")
    if "rotation" in found and "pose" not in found and "index" not in file:
        found["pose"] = found["rotation"]
    return found


def _plain(file: Any, name: str) -> Any:
    """A dataset of the file itself. Raises ``DataError`` for a link or a layout that leads to another file."""
    h5py = needs("h5py", "hdf5")
    found = file[name] if isinstance(file.get(name, getlink=True), h5py.HardLink) else None
    if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external:
        raise DataError(f"`{name}` is no dataset of the file itself: copy into it what it refers to")
    return found


def _split_of_file(path: Path, files: int) -> int:
    """The split that a file's name begins with. A file on its own may be called anything."""
    words = [SPLIT_WORDS[word] for word in path.stem.lower().replace("-", "_").split("_") if word in SPLIT_WORDS]
    if not words and files > 1:
        raise DataError(f"{path} is one of {files} files, and its name tells no split: name them train, val and test")
    return words[0] if words and files > 1 else UNKNOWN


def _own(
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
    manifest = new_manifest(path.resolve().stem, made_by, side, classes, splits)
    targets = tuple(name for name in TARGETS if name in headers[0].columns)
    return Hdf5Reader(manifest, splits, targets, files, starts, np.arange(len(given)), headers[0].columns, options)


def _recognises(path: Path) -> bool:
    files = path.iterdir() if path.is_dir() else [path]
    return any(entry.suffix in SUFFIXES for entry in files)


HDF5 = Format("hdf5", "HDF5 in the original study's layout.", Hdf5Options, write_hdf5, read_hdf5, _recognises)
