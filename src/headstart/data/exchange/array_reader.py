"""Rows of arrays as images and targets of a dataset."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.array_files import Values
from headstart.data.exchange.array_values import Layout
from headstart.data.exchange.base import Reader
from headstart.data.exchange.maps import square_map
from headstart.data.exchange.pictures import Fit, squared, stacked
from headstart.data.exchange.splits import UNLABELLED
from headstart.data.exchange.stored import TARGETS, Arrays
from headstart.errors import DataError

__all__ = ["TOGETHER", "ArrayReader", "Convert"]

TOGETHER = 32
"""Images that are in memory at their own size."""
Convert = Callable[[NDArray[Any]], NDArray[Any]]


@dataclass
class ArrayReader(Reader):
    """images: ``[N, …]``. layout: of them. held: targets in memory. maps: others, and what makes a target of a row's
    numbers. exact: written by us, taken as it is."""

    images: Values
    layout: Layout
    held: Mapping[str, NDArray[Any]]
    maps: Mapping[str, tuple[Values, Convert]]
    fit: Fit
    exact: bool

    def sides(self, rows: Sequence[int]) -> list[int]:
        return [] if self.exact else [min(self.layout.size(self.images.shape)[1:])] * len(rows)

    def read(self, start: int, stop: int) -> Arrays:
        runs = [(first, min(first + TOGETHER, stop)) for first in range(start, stop, TOGETHER)]
        arrays = {f"target.{name}": values[start:stop] for name, values in self.held.items()}
        arrays["images"] = np.concatenate([self._images(*run) for run in runs])
        for name in self.maps if (self.splits[start:stop] != UNLABELLED).any() else ():
            arrays[f"target.{name}"] = np.concatenate([self._maps(name, *run) for run in runs])
        return arrays

    def _images(self, start: int, stop: int) -> NDArray[Any]:
        block = self.layout.channels_last(self.images.rows(start, stop)).astype(self.manifest.dtype)
        if block.dtype.kind == "f":
            bad = np.flatnonzero(~np.isfinite(block).all(axis=(1, 2, 3)))
            for row in (bad + start).tolist():
                self.bad(row, self.name_of(row), ValueError("numbers that are not finite"))
        if self.exact:
            return block.transpose(0, 3, 1, 2)
        return stacked([squared(pixels, self.manifest.resolution, self.kind, self.fit) for pixels in block])

    def _maps(self, name: str, start: int, stop: int) -> NDArray[Any]:
        values, convert = self.maps[name]
        side = self.manifest.resolution
        found = np.zeros((stop - start, side, side), dtype=TARGETS[name])
        for row, numbers in enumerate(values.rows(start, stop)):
            try:
                found[row] = convert(square_map(_plane(numbers), side, self.fit))
            except DataError as error:
                self.bad(start + row, f"{name} of {self.name_of(start + row)}", error)
        return found


def _plane(numbers: NDArray[Any]) -> NDArray[Any]:
    """``[H, W]`` of a map that may have an axis of one channel."""
    if numbers.ndim == 3:
        return numbers[..., 0] if numbers.shape[-1] == 1 else numbers[0]
    return numbers
