"""All rows of a reader, written as the shards of a dataset folder by all cores.

Whoever reads a shard writes it, so that pixels do not go from one process to another.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.base import Bad, Reader
from headstart.data.exchange.parallel import ahead
from headstart.data.exchange.stored import TARGETS
from headstart.data.faults import faults
from headstart.errors import StoreError
from headstart.folder import PIXEL_TARGETS, ShardInfo, write_shard

__all__ = ["Written", "row_bytes", "shard_sizes", "write_shards"]

SHARD, SHARD_BYTES = 500, 2**24
"""Images of a shard, and about its bytes, at most: each core has one in memory."""
MEMORY, CODE, COPIES = 2**30, 80 * 2**20, 5
"""Bytes that processes which read may take together, what one takes before it reads, and how many times a shard is in
its memory at once: row by row, as arrays, and as a file."""


class Shard(NamedTuple):
    """Rows ``start`` to ``stop`` of a reader, which become file ``number`` of ``folder``."""

    reader: Reader
    start: int
    stop: int
    folder: Path
    number: int


class Written(NamedTuple):
    """What became of a shard. info: of its file; ``None`` if there is none, for what is ``unreadable`` (rows are the
    reader's) or for a ``fault``, a clause."""

    stop: int
    info: ShardInfo | None = None
    unreadable: tuple[Bad, ...] = ()
    fault: str = ""


def write_shards(reader: Reader, folder: Path, sizes: Sequence[int]) -> Iterator[Written]:
    """Write shards of so many rows, and tell of each, in their order.

    They are not synced to disk. Raises ``OSError`` for a disk that cannot be written.
    """
    shards = _Shards(reader, folder, list(pairwise(accumulate(sizes, initial=0))))
    workers = MEMORY // (CODE + COPIES * max(sizes, default=0) * row_bytes(reader))
    if len(reader) > 0 and reader.portion(0, 1) is not None:
        made = ahead(_read_and_write, shards, sizes, workers=max(1, workers))
    else:
        made = map(_write, shards, ahead(_read, shards, sizes, workers=0))
    for written, (start, stop) in zip(made, shards.rows, strict=True):
        unreadable = tuple(bad._replace(row=bad.row + start) for bad in written.unreadable)
        yield written._replace(stop=stop, unreadable=unreadable)


def shard_sizes(reader: Reader) -> list[int]:
    """Rows of each shard: as many as there were, if the rows come from such a folder."""
    known = [shard.images for shard in reader.manifest.shards]
    if sum(known) == len(reader):
        return known
    rows = max(1, min(SHARD, SHARD_BYTES // row_bytes(reader)))
    return [min(rows, len(reader) - start) for start in range(0, len(reader), rows)]


def row_bytes(reader: Reader) -> int:
    """Of an image and its maps."""
    maps = sum(np.dtype(TARGETS[name]).itemsize for name in reader.targets if name in PIXEL_TARGETS)
    return reader.blank().nbytes + maps * reader.manifest.resolution**2


class _Shards(Sequence[Shard]):
    """Shards to come, each with a reader that can read it; it is made when it is asked for."""

    def __init__(self, reader: Reader, folder: Path, rows: Sequence[tuple[int, int]], first: int = 0) -> None:
        self.reader, self.folder, self.rows, self.first = reader, folder, rows, first

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            start, _, _ = number.indices(len(self))
            return _Shards(self.reader, self.folder, self.rows[number], self.first + start)
        start, stop = self.rows[number]
        apart = self.reader.portion(start, stop)
        file = self.folder, self.first + number
        return Shard(self.reader, start, stop, *file) if apart is None else Shard(apart, 0, stop - start, *file)


def _read_and_write(shard: Shard) -> Written:
    return _write(shard, _read(shard))


Read = tuple[dict[str, NDArray[Any]], Sequence[Bad]]


def _read(shard: Shard) -> Read:
    """Rows, and what of them is unreadable, numbered from the first of them."""
    known = len(shard.reader.unreadable)
    arrays = dict(shard.reader.read(shard.start, shard.stop))
    arrays["split"] = shard.reader.splits[shard.start : shard.stop]
    found = shard.reader.unreadable[known:]
    return arrays, [bad._replace(row=bad.row - shard.start) for bad in found]


def _write(shard: Shard, read: Read) -> Written:
    arrays, unreadable = read
    if unreadable:
        return Written(shard.stop, unreadable=tuple(unreadable))
    for fault in faults(arrays, shard.reader.manifest):
        return Written(shard.stop, fault=fault)
    try:
        return Written(shard.stop, write_shard(shard.folder, shard.number, arrays, sync=False))
    except StoreError as error:  # its sentence would name a folder that is gone by then
        raise (error.__cause__ if isinstance(error.__cause__, OSError) else error) from error
