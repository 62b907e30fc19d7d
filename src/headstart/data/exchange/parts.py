"""Some rows of a reader: those with labels, or those without, which pretraining alone reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.account import Guess
from headstart.data.exchange.base import Reader
from headstart.data.exchange.splits import UNLABELLED
from headstart.data.exchange.stored import Arrays

__all__ = ["RowsOf", "labelled", "unlabelled", "unlabelled_guess"]


@dataclass
class RowsOf(Reader):
    """Some ``rows`` of ``inner``, ascending, with the annotations in ``targets``."""

    inner: Reader
    rows: NDArray[np.int64]

    def __post_init__(self) -> None:
        self.account = self.inner.account

    def portion(self, start: int, stop: int) -> Reader | None:
        rows = self.rows[start:stop]
        first, last = int(rows[0]), int(rows[-1])
        inner = self.inner.portion(first, last + 1)
        return inner and RowsOf(self.manifest, self.splits[start:stop], self.targets, inner, rows - first)

    def sides(self, rows: Sequence[int]) -> list[int]:
        return self.inner.sides(self.rows[list(rows)].tolist())

    def name_of(self, row: int) -> str:
        return self.inner.name_of(int(self.rows[row]))

    def read(self, start: int, stop: int) -> Arrays:
        rows = self.rows[start:stop]
        runs = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)
        known = len(self.inner.unreadable)
        parts: Sequence[Mapping[str, NDArray[Any]]] = [self.inner.read(int(run[0]), int(run[-1]) + 1) for run in runs]
        for bad in self.inner.unreadable[known:]:
            self.unreadable.append(bad._replace(row=int(np.searchsorted(self.rows, bad.row))))
        names = ["images", *(f"target.{name}" for name in self.targets)]
        return {name: np.concatenate([part[name] for part in parts]) for name in names}


def labelled(reader: Reader) -> Reader:
    """The rows of ``reader`` that are in train, val and test; itself where all are."""
    rows = np.flatnonzero(reader.splits != UNLABELLED)
    if len(rows) == len(reader):
        return reader
    return RowsOf(reader.manifest, reader.splits[rows], reader.targets, reader, rows)


def unlabelled(reader: Reader, rows: NDArray[np.int64] | None = None) -> Reader:
    """The other rows, or ``rows``, as training images of which nothing is known."""
    rows = np.flatnonzero(reader.splits == UNLABELLED) if rows is None else rows
    manifest = reader.manifest.model_copy(update={"classes": (), "shards": ()})
    return RowsOf(manifest, np.zeros(len(rows), dtype=np.uint8), (), reader, rows)


def unlabelled_guess(count: int, reason: str) -> list[Guess]:
    """What is said of ``count`` pictures without labels, if there are any."""
    return [Guess("unlabelled", f"{count} pictures, of which pretraining alone sees any", reason)] if count else []
