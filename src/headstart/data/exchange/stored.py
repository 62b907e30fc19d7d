"""A dataset folder as formats write it: its rows part by part, and the annotations that all of them can hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.kinds import Kind
from headstart.data.faults import faults
from headstart.errors import DataError
from headstart.folder import Manifest, read_manifest, read_shard

__all__ = ["TARGETS", "Arrays", "Stored", "as_target"]

Arrays = dict[str, NDArray[Any]]
"""Rows of a dataset: ``images`` ``[n, C, H, W]``, ``split`` uint8 ``[n]``, ``target.NAME`` ``[n, …]``."""

TARGETS: dict[str, type[np.generic]] = {
    "class": np.int64,
    "group": np.int64,
    "pose": np.int64,
    "rotation": np.float32,
    "semantic": np.uint8,
    "instance": np.uint8,
    "depth": np.float16,
}
"""Annotations that every format can hold, and their types."""


@dataclass(frozen=True)
class Stored:
    """A dataset folder, read shard by shard."""

    folder: Path

    @cached_property
    def manifest(self) -> Manifest:
        return read_manifest(self.folder)

    @property
    def kind(self) -> Kind:
        """What every image is."""
        return Kind(self.manifest.channels, self.manifest.dtype)

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """Names of the annotations, from the first shard. Raises ``DataError`` for one that formats cannot hold."""
        first = self.manifest.shards[0]
        names = [name.removeprefix("target.") for name in read_shard(self.folder / first.file, first)]
        unknown = sorted(set(names) - {"images", "split", *TARGETS})
        if unknown:
            raise DataError(f"{self.folder} has a target '{unknown[0]}', and only {', '.join(TARGETS)} can be exported")
        return tuple(name for name in TARGETS if name in names)

    def parts(self) -> Iterator[tuple[int, Arrays]]:
        """The number of the first row of each shard, and its rows. Raises ``DataError`` for one that is not whole."""
        start = 0
        for info in self.manifest.shards:
            tensors = read_shard(self.folder / info.file, info)
            arrays = {name: values.numpy() for name, values in tensors.items()}
            for fault in faults(arrays, self.manifest):
                raise DataError(f"{self.folder / info.file}: {fault}: render or import the dataset again")
            yield start, arrays
            start += info.images

    def batches(self, rows: int) -> Iterator[tuple[int, Arrays]]:
        """Like ``parts``, at most ``rows`` rows at a time."""
        for start, arrays in self.parts():
            for first in range(0, len(arrays["split"]), rows):
                yield start + first, {name: values[first : first + rows] for name, values in arrays.items()}


def as_target(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Numbers in the type that target ``name`` has. Raises ``DataError`` for those that it cannot hold."""
    kind = np.dtype(TARGETS[name])
    if (
        kind.kind in "iu"
        and values.dtype.kind == "f"
        and not (np.isfinite(values) & (values == np.round(values))).all()
    ):
        raise DataError(
            f"`{name}` holds numbers that are not whole: fill in what is missing, and number classes from 0"
        )
    if name == "depth":
        top = values[np.isfinite(values)].max(initial=0)
        if top > np.finfo(np.float16).max:
            raise DataError(f"`depth` reaches {top:g}, and 65504 is the most: give it in a larger unit, such as metres")
    return values.astype(kind)
