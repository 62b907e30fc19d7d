"""What may not be meant by labels, groups and splits as they are told, in clauses."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["class_doubts", "lone_classes", "split_groups"]

FEW, OFTEN = 5, 10
"""Training pictures of a class that is rare, where another has so many times as many."""


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
    """Classes that nothing or little is learned of, and a single class. names: of classes, one a row, or none."""
    learned = Counter(name for name, split in zip(names, splits.tolist(), strict=bool(names)) if split == 0)
    lost = sorted(set(names) - learned.keys())
    if lost:
        yield f"no training picture is of class '{lost[0]}'{_more(lost)}"
    rare = sorted(name for name, count in learned.items() if count < FEW and len(learned) > 1)
    if rare and max(learned.values()) >= OFTEN * FEW:
        yield (
            f"rare classes, of fewer than {FEW} training pictures: '{rare[0]}'{_more(rare)}; every budget has a label "
            "of each all the same, which is more than their share"
        )
    if len(set(names)) == 1:
        yield f"all pictures are of the one class '{names[0]}'"


def class_doubts(classes: Sequence[str], numbers: NDArray[np.int64], splits: NDArray[np.uint8]) -> Iterator[str]:
    """``lone_classes`` of rows whose classes are numbers, or none at all; what is no number of a class is left out."""
    known = (numbers >= 0) & (numbers < len(classes))
    kept = splits[: len(numbers)][known]
    return lone_classes([classes[number] for number in numbers[known].tolist()], kept)


def _more(names: Sequence[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""
