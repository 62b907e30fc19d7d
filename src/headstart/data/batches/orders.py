"""Where each row of a dataset lies once it is stored: training images first, then validation, then test.

What headstart renders stays in its order. What others made comes in whatever order their files are in, and their
classes are numbered by whoever wrote them; so that one set of pictures is one dataset in every format, its rows go by a
hash of what they are, and its classes by their names.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from headstart.data.class_names import ordered
from headstart.folder import IMPORTED, SPLITS, Manifest

__all__ = ["Arrays", "Order", "order_of"]

Arrays = dict[str, NDArray[Any]]
IMAGES = "images"


class Order(Protocol):
    """Of the rows of a dataset, which come shard by shard. classes: their names, by number. fingerprint: of all."""

    @property
    def classes(self) -> tuple[str, ...]: ...

    @property
    def fingerprint(self) -> str: ...

    def arrays(self, tensors: Mapping[str, Tensor]) -> Arrays:
        """Images ``[n, H, W, C]`` and targets of a shard, as they are stored."""
        ...

    def places(self, start: int, splits: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Where rows lie, of which ``start`` is the first of all."""
        ...


def order_of(manifest: Manifest, shards: Iterable[Mapping[str, Tensor]]) -> Order:
    """The order of a dataset. Of one that was imported, all ``shards`` are read for it."""
    if manifest.engine != IMPORTED:
        return _AsTheyCome(manifest)
    classes = ordered(manifest.classes)
    order = _ByContent(manifest, classes, [], [])
    for tensors in shards:
        order.add(tensors)
    return order


@dataclass
class _AsTheyCome:
    """By split, and in it by the shards' order."""

    manifest: Manifest

    @property
    def classes(self) -> tuple[str, ...]:
        return self.manifest.classes

    @property
    def fingerprint(self) -> str:
        return _hashed(shard.sha256 for shard in self.manifest.shards)

    @cached_property
    def next(self) -> list[int]:
        """Where the next row of each split lies."""
        return [sum(_counts(self.manifest)[:number]) for number in range(len(SPLITS))]

    def arrays(self, tensors: Mapping[str, Tensor]) -> Arrays:
        return _stored(tensors)

    def places(self, start: int, splits: NDArray[np.uint8]) -> NDArray[np.int64]:  # noqa: ARG002
        places = np.empty(len(splits), dtype=np.int64)
        for number in range(len(SPLITS)):
            rows = np.flatnonzero(splits == number)
            places[rows] = self.next[number] + np.arange(len(rows))
            self.next[number] += len(rows)
        return places


@dataclass
class _ByContent:
    """By split, and in it by the rows' hashes: rows of one hash are equal, so that their order makes no difference."""

    manifest: Manifest
    classes: tuple[str, ...]
    digests: list[bytes]
    splits: list[NDArray[np.uint8]]

    def add(self, tensors: Mapping[str, Tensor]) -> None:
        """The next shard."""
        arrays = self.arrays(tensors)
        values = [np.ascontiguousarray(arrays[name]) for name in sorted(arrays)]
        self.splits.append(tensors["split"].numpy())
        for row in range(len(self.splits[-1])):
            digest = hashlib.blake2b(digest_size=16)
            for column in values:
                digest.update(column[row].data if column[row].ndim else column[row].tobytes())
            self.digests.append(digest.digest())

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        order = np.lexsort((np.array(self.digests), np.concatenate(self.splits)))
        places = np.empty_like(order)
        places[order] = np.arange(len(order))
        return places

    @property
    def fingerprint(self) -> str:
        splits = np.concatenate(self.splits).tolist()
        return _hashed(sorted(f"{split} {digest.hex()}" for split, digest in zip(splits, self.digests, strict=True)))

    def arrays(self, tensors: Mapping[str, Tensor]) -> Arrays:
        """Classes renumbered, in masks too, where 0 is none of them."""
        arrays = _stored(tensors)
        numbers = np.array([self.classes.index(name) for name in self.manifest.classes], dtype=np.int64)
        if "target.class" in arrays:
            arrays["target.class"] = numbers[arrays["target.class"]]
        if "target.semantic" in arrays:
            shifted = np.concatenate([[0], numbers + 1]).astype(np.uint8)
            arrays["target.semantic"] = shifted[arrays["target.semantic"]]
        return arrays

    def places(self, start: int, splits: NDArray[np.uint8]) -> NDArray[np.int64]:
        return self._places[start : start + len(splits)]


def _stored(tensors: Mapping[str, Tensor]) -> Arrays:
    arrays = {name: values.numpy() for name, values in tensors.items() if name != "split"}
    arrays[IMAGES] = arrays[IMAGES].transpose(0, 2, 3, 1)
    return arrays


def _counts(manifest: Manifest) -> list[int]:
    return [manifest.counts[split] for split in SPLITS]


def _hashed(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
