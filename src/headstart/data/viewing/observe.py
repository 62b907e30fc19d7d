"""What is seen of pictures and their targets as they pass by, whatever they are read from."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.viewing.likeness import Likeness

__all__ = ["Observed"]

Arrays = Mapping[str, NDArray[Any]]


class Observed:
    """Some 100 bytes for each picture.

    classes: how many there are. rows, splits: number and split of each picture so far. labels, groups: of each, or -1
    where it has none. counts: int64 ``[classes, 3]``: pictures per class and split, by their class or else by what is
    in their masks.
    """

    def __init__(self, classes: int) -> None:
        self._parts: dict[str, list[NDArray[np.int64]]] = {"rows": [], "splits": [], "labels": [], "groups": []}
        self.counts = np.zeros((classes, 3), dtype=np.int64)
        self.likeness = Likeness()

    def add(self, arrays: Arrays, rows: NDArray[np.int64]) -> None:
        """Pictures that could be read: ``images``, ``split`` and targets, as in a dataset folder, of the numbers
        ``rows``."""
        none = np.full(len(rows), -1)
        splits = arrays["split"].astype(np.int64)
        labels, groups = arrays.get("target.class", none), arrays.get("target.group", none)
        for name, values in (("rows", rows), ("splits", splits), ("labels", labels), ("groups", groups)):
            self._parts[name].append(values)
        self.likeness.add(arrays["images"])
        for number, holds in _classes(arrays, len(self.counts)):
            self.counts[number] += np.bincount(splits[holds], minlength=3)

    @property
    def rows(self) -> NDArray[np.int64]:
        return self._whole("rows")

    @property
    def splits(self) -> NDArray[np.int64]:
        return self._whole("splits")

    @property
    def labels(self) -> NDArray[np.int64]:
        return self._whole("labels")

    @property
    def groups(self) -> NDArray[np.int64]:
        return self._whole("groups")

    def _whole(self, name: str) -> NDArray[np.int64]:
        return np.concatenate([np.empty(0, dtype=np.int64), *self._parts[name]])


def _classes(arrays: Arrays, classes: int) -> list[tuple[int, NDArray[np.bool_]]]:
    """Every class that occurs, and which pictures it occurs in. Of masks, 0 is background."""
    if "target.class" in arrays:
        labels = arrays["target.class"]
        return [(number, labels == number) for number in np.unique(labels).tolist() if 0 <= number < classes]
    if "target.semantic" not in arrays:
        return []
    masks = arrays["target.semantic"].reshape(len(arrays["split"]), -1)
    found = [number for number in np.unique(masks).tolist() if 0 < number <= classes]
    return [(number - 1, (masks == number).any(axis=1)) for number in found]
