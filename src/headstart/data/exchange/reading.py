"""All rows of a reader, shard by shard, read ahead of whoever writes them."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.base import TARGETS, Bad, Reader
from headstart.data.exchange.parallel import ahead
from headstart.folder import PIXEL_TARGETS

__all__ = ["read_shards", "row_bytes"]

Rows = tuple[int, int]
Read = Mapping[str, NDArray[Any]]
PART_BYTES = 2**22
"""What is read at once, and so goes from one process to another: a few of these for each core are in memory."""


def read_shards(reader: Reader, sizes: Sequence[int]) -> Iterator[tuple[int, Read]]:
    """Shards of so many rows, each with its size; they end up as ``Reader.read`` would give them.

    What cannot be read is in ``reader.unreadable``, in the order of rows.
    """
    most = max(1, PART_BYTES // row_bytes(reader))
    shards = [_cut(start, stop, most) for start, stop in pairwise(accumulate(sizes, initial=0))]
    every = [rows for shard in shards for rows in shard]
    parts = ahead(partial(_read, reader), every, [stop - start for start, stop in every], aside=reader.portable)
    for size, shard in zip(sizes, shards, strict=True):
        found = []
        for part, bad in (next(parts) for _ in shard):
            found.append(part)
            reader.unreadable += bad
        yield size, {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def row_bytes(reader: Reader) -> int:
    """Of an image and its maps."""
    maps = sum(np.dtype(TARGETS[name]).itemsize for name in reader.targets if name in PIXEL_TARGETS)
    return reader.blank().nbytes + maps * reader.manifest.resolution**2


def _cut(start: int, stop: int, most: int) -> list[Rows]:
    return [(first, min(first + most, stop)) for first in range(start, stop, most)]


def _read(reader: Reader, rows: Rows) -> tuple[Read, Sequence[Bad]]:
    """Rows, and what of them is unreadable: a note of its own, for another thread or process has the reader's."""
    alone = copy(reader)
    alone.unreadable = []
    return alone.read(*rows), alone.unreadable
