"""Arrays written a part at a time, so that they may be larger than memory."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from headstart.errors import StoreError
from headstart.files import unwritable

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["PlacedWriter", "begin_array", "write_array"]


def write_array(path: Path, parts: Iterable[Tensor], rows: int) -> None:
    """Write an ``.npy`` file of ``rows`` rows that come a part at a time, so that it may be larger than memory.

    Raises ``StoreError`` if it cannot be written.
    """
    try:
        with path.open("wb") as file:
            for part in parts:
                values = np.ascontiguousarray(part.numpy())
                if not file.tell():
                    begin_array(file, values, rows)
                file.write(values.data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreError(unwritable(path, error)) from error


class PlacedWriter:
    """A ``.npy`` file whose rows come in any order, under another name until it is whole.

    It is written and not mapped, because a full disk ends a process that writes to a map.
    """

    def __init__(self, path: Path, like: NDArray[Any], rows: int) -> None:
        self.path, self.partial = path, path.with_suffix(".partial")
        self.row = like.nbytes // len(like)
        self.file: BinaryIO = self.partial.open("wb")
        begin_array(self.file, like, rows)
        self.first = self.file.tell()

    def __enter__(self) -> PlacedWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.partial.unlink(missing_ok=True)

    def write(self, places: NDArray[np.int64], rows: NDArray[Any]) -> None:
        """``rows`` at ``places``, those that follow one another at once."""
        order = np.argsort(places, kind="stable")
        for run in np.split(order, np.flatnonzero(np.diff(places[order]) != 1) + 1):
            self.file.seek(self.first + int(places[run[0]]) * self.row)
            self.file.write(np.ascontiguousarray(rows[run]).data)

    def finish(self) -> None:
        """Make the file whole."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.partial.replace(self.path)


def begin_array(file: BinaryIO, like: NDArray[Any], rows: int) -> None:
    """Write the header of an ``.npy`` file of ``rows`` rows, each of ``like``'s type and shape."""
    header = {"descr": like.dtype.str, "fortran_order": False, "shape": (rows, *like.shape[1:])}
    np.lib.format.write_array_header_2_0(file, header)
