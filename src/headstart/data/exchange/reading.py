"""All rows of a reader, shard by shard, read ahead of whoever writes them."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.base import TARGETS, Bad, Reader
from headstart.data.exchange.parallel import ahead
from headstart.folder import PIXEL_TARGETS

__all__ = ["read_shards", "row_bytes"]

Rows = tuple[int, int]
Read = Mapping[str, NDArray[Any]]


class Portion(NamedTuple):
    """Some rows of a reader."""

    reader: Reader
    start: int
    stop: int


PART_BYTES = 2**22
"""What is read at once, and so goes from one process to another: a few of these for each core are in memory."""


def read_shards(reader: Reader, sizes: Sequence[int]) -> Iterator[tuple[int, Read]]:
    """Shards of so many rows, each with its size; they end up as ``Reader.read`` would give them.

    What cannot be read is in ``reader.unreadable``, in the order of rows.
    """
    most = max(1, PART_BYTES // row_bytes(reader))
    shards = [_cut(start, stop, most) for start, stop in pairwise(accumulate(sizes, initial=0))]
    portions = _Portions(reader, [rows for shard in shards for rows in shard])
    parts = ahead(_read, portions, portions.sizes, aside=len(reader) > 0 and reader.portion(0, 1) is not None)
    for size, shard in zip(sizes, shards, strict=True):
        found = []
        for (start, _), (part, bad) in zip(shard, parts, strict=False):
            found.append(part)
            reader.unreadable += [one._replace(row=one.row + start) for one in bad]
        yield size, {name: np.concatenate([part[name] for part in found]) for name in found[0]}


class _Portions(Sequence[Portion]):
    """Rows of a reader, start to stop, each with a reader that can read them; it is made when it is asked for."""

    def __init__(self, reader: Reader, rows: Sequence[Rows]) -> None:
        self.reader, self.rows = reader, rows

    @property
    def sizes(self) -> list[int]:
        return [stop - start for start, stop in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return _Portions(self.reader, self.rows[number])
        start, stop = self.rows[number]
        apart = self.reader.portion(start, stop)
        return Portion(self.reader, start, stop) if apart is None else Portion(apart, 0, stop - start)


def row_bytes(reader: Reader) -> int:
    """Of an image and its maps."""
    maps = sum(np.dtype(TARGETS[name]).itemsize for name in reader.targets if name in PIXEL_TARGETS)
    return reader.blank().nbytes + maps * reader.manifest.resolution**2


def _cut(start: int, stop: int, most: int) -> list[Rows]:
    return [(first, min(first + most, stop)) for first in range(start, stop, most)]


def _read(portion: Portion) -> tuple[Read, Sequence[Bad]]:
    """Rows, and what of them is unreadable, numbered from the first of them."""
    alone = copy(portion.reader)
    alone.unreadable = []
    arrays = alone.read(portion.start, portion.stop)
    return arrays, [bad._replace(row=bad.row - portion.start) for bad in alone.unreadable]
