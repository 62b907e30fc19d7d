"""What may not be meant by labels, groups and splits as they are told, in clauses."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["lone_classes", "split_groups"]


def split_groups(groups: Sequence[str], splits: NDArray[np.uint8]) -> Iterator[str]:
    """Groups that are in more than one split. groups: one a row, or none at all."""
    seen: dict[str, set[int]] = {group: set() for group in groups}
    for group, split in zip(groups, splits.tolist(), strict=bool(groups)):
        seen[group].add(split)
    broken = sorted(group for group, its in seen.items() if len(its) > 1)
    if broken:
        yield (
            f"{len(broken)} of {len(seen)} groups have pictures in more than one split, '{broken[0]}' among them, so "
            "that scores may be too good: leave splits out to have them drawn by group"
        )


def lone_classes(names: Sequence[str], splits: NDArray[np.uint8]) -> Iterator[str]:
    """Classes that nothing is learned of, and a single class. names: of classes, one a row, or none at all."""
    learned = {name for name, split in zip(names, splits.tolist(), strict=bool(names)) if split == 0}
    lost = sorted(set(names) - learned)
    if lost:
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        yield f"no training picture is of class '{lost[0]}'{more}"
    if len(set(names)) == 1:
        yield f"all pictures are of the one class '{names[0]}'"
