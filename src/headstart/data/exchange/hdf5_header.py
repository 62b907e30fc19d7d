"""What an HDF5 file holds, known without reading its pictures."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.base import needs
from headstart.errors import DataError
from headstart.folder import PIXEL_TARGETS

__all__ = ["DATASETS", "Header", "plain", "read_header"]

DATASETS = {"class": "targets", "rotation": "rot_mat"} | {
    name: name for name in ("pose", "semantic", "instance", "depth", "group")
}
"""What a target is called in the file."""
OURS = {"group"}
"""Those that are read from our own exports alone, which tell the names behind the numbers."""


@dataclass(frozen=True)
class Header:
    """What is known of a file without its pictures. index: rows in the dataset folder, if it tells them. shape: of an
    image. numbers: the class of each image, if it tells them. top: the highest number of a class in use. classes:
    names, if it tells them."""

    rows: int
    shape: tuple[int, ...]
    columns: Mapping[str, str]
    index: NDArray[np.int64] | None
    numbers: NDArray[np.int64]
    top: int
    classes: tuple[str, ...]


def read_header(path: Path) -> Header:
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
    images = plain(file, name)
    if images.ndim != 4 or images.shape[1] != 3 or images.shape[2] != images.shape[3]:
        raise DataError(
            f"`{name}` has the shape {list(images.shape)}, and images are [N, 3, H, H]: transpose or cut it"
        )
    columns = _present(file)
    for target, column in columns.items():
        if len(plain(file, column)) != len(images):
            raise DataError(f"`{column}` has {len(file[column])} rows for {len(images)} images: make it again")
        if column == "rot_mat" and file[column].size != len(images) * 9:
            raise DataError(f"`{column}` has the shape {list(file[column].shape)}, not [N, 3, 3]: make it again")
        if target == "class" and file[column].ndim != 1:
            raise DataError(f"`{column}` has the shape {list(file[column].shape)}, not [N]: make it again")
        if target in PIXEL_TARGETS and file[column].shape[1:] != images.shape[2:]:
            sizes = "×".join(map(str, file[column].shape[1:]))
            raise DataError(
                f"`{column}` has {sizes} pixels, and images have {images.shape[2]} a side: scale it to them"
            )
    index = np.asarray(plain(file, "index")) if "index" in file else None
    labels = next((columns[name] for name in ("class", "semantic") if name in columns), None)
    values = _numbers(file, labels) if labels and len(images) else np.zeros(0)
    top = int(values.max()) - ("class" not in columns) if len(values) else -1
    numbers = (values if "class" in columns else np.zeros(0)).astype(np.int64)
    return Header(len(images), images.shape[1:], columns, index, numbers, top, _names(file))


def _names(file: Any) -> tuple[str, ...]:
    """Of classes, from the file's attribute: our own exports write JSON, others an array of texts."""
    told = file.attrs.get("classes", "[]")
    names = json.loads(told) if isinstance(told, str | bytes) else np.asarray(told).reshape(-1).tolist()
    return tuple(name.decode() if isinstance(name, bytes) else str(name) for name in names)


def _numbers(file: Any, column: str) -> NDArray[Any]:
    """Numbers of classes. Raises ``DataError`` for numbers that are none."""
    values = np.asarray(file[column])
    if values.dtype.kind not in "biuf":
        raise DataError(
            f"`{column}` holds no numbers ({values.dtype}), and classes are: write numbers, and names as the attribute "
            "`classes`"
        )
    if not np.isfinite(values).all() or (values != np.round(values)).any() or values.min() < 0:
        wrong = values[~np.isfinite(values) | (values != np.round(values)) | (values < 0)][0]
        raise DataError(
            f"`{column}` holds {wrong}, and classes are whole numbers from 0 on: fill it in, or remove the row"
        )
    return values


def _present(file: Any) -> dict[str, str]:
    """Which targets the file has, and in which dataset."""
    known = DATASETS.items() if "index" in file else ((name, DATASETS[name]) for name in DATASETS.keys() - OURS)
    columns = {name: column for name, column in known if column in file}
    if "class" in columns and plain(file, "targets").ndim == 3:
        columns["semantic"] = columns.pop("class")
    if "rotation" in columns and "pose" not in columns and "index" not in file:
        columns["pose"] = columns["rotation"]
    return columns


def plain(file: Any, name: str) -> Any:
    """A dataset of the file itself. Raises ``DataError`` for a link or a layout that leads to another file."""
    h5py = needs("h5py", "hdf5")
    dataset = file[name] if isinstance(file.get(name, getlink=True), h5py.HardLink) else None
    if not isinstance(dataset, h5py.Dataset) or dataset.is_virtual or dataset.external:
        raise DataError(f"`{name}` is no dataset of the file itself: copy into it what it refers to")
    return dataset
