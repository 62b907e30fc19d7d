"""Writing a dataset as ``.npy`` files, each a row per image, so that none has to fit into memory."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from headstart.data.batches.array_writer import begin_array
from headstart.data.exchange.stored import Arrays, Stored

__all__ = ["FILES", "write_arrays"]

FILES = {"images": "images", "class": "labels", "split": "split", "names": "class_names"}
"""What the files are called; those of other targets as the target is."""


def write_arrays(stored: Stored, out: Path, report: Callable[[int], None]) -> None:
    """Write ``stored`` into the empty folder ``out``."""
    np.save(out / f"{FILES['names']}.npy", np.array(stored.manifest.classes, dtype=str), allow_pickle=False)
    with ExitStack() as open_files:
        files: dict[str, BinaryIO] = {}
        for start, arrays in stored.parts():
            for name, values in _columns(arrays, stored).items():
                if name not in files:
                    files[name] = open_files.enter_context((out / f"{name}.npy").open("wb"))
                    begin_array(files[name], values, stored.manifest.images)
                files[name].write(np.ascontiguousarray(values).data)
            report(start + len(arrays["split"]))


def _columns(arrays: Arrays, stored: Stored) -> dict[str, NDArray[Any]]:
    columns = {FILES.get(name, name): arrays[f"target.{name}"] for name in stored.targets}
    return {FILES["images"]: arrays["images"].transpose(0, 2, 3, 1), FILES["split"]: arrays["split"]} | columns
