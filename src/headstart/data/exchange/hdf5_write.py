"""Writing HDF5 in the layout that ``headstart.data.exchange.hdf5`` describes."""

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.base import needs
from headstart.data.exchange.hdf5_header import DATASETS
from headstart.data.exchange.kinds import RGB
from headstart.data.exchange.reference_lab import LAB_MEAN, LAB_STD, to_normalised
from headstart.data.exchange.stored import TARGETS, Arrays, Stored
from headstart.errors import DataError
from headstart.folder import SPLITS

__all__ = ["write_hdf5"]

BATCH = 100


def write_hdf5(stored: Stored, out: Path, report: Callable[[int], None]) -> None:
    """Write ``stored`` into the empty folder ``out``."""
    if stored.kind != RGB:
        raise DataError(f"this layout of HDF5 holds {RGB}, and these images are {stored.kind}: export to folder")
    h5py = needs("h5py", "hdf5")
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
    shapes = {"rotation": (3, 3), "class": (), "group": (), "pose": ()}
    file.attrs["classes"] = json.dumps(stored.manifest.classes)
    file.create_dataset("index", (rows,), np.int64)
    file.create_dataset("images", (rows, 3, side, side), np.uint8)
    data = file.create_dataset("data", (rows, 3, side, side), np.float16)
    data.attrs.update(space="lab", mean=LAB_MEAN, std=LAB_STD)
    for name in stored.targets:
        file.create_dataset(DATASETS[name], (rows, *shapes.get(name, (side, side))), TARGETS[name])


def _columns(arrays: Arrays, rows: NDArray[np.int64], start: int, targets: Sequence[str]) -> Arrays:
    images = arrays["images"][rows]
    columns = {"index": rows + start, "images": images, "data": to_normalised(images, LAB_MEAN, LAB_STD)}
    return columns | {DATASETS[name]: arrays[f"target.{name}"][rows] for name in targets}
