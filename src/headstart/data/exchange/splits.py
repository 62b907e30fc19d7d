"""Which split a row is in, where the data says so and where it does not."""

from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.account import Guess
from headstart.folder import SPLITS
from headstart.scenes.buckets import BUCKETS, split_of
from headstart.seeding import derive_seed

__all__ = [
    "SPLIT_NAMES",
    "SPLIT_WORDS",
    "UNKNOWN",
    "UNLABELLED",
    "complete_splits",
    "drawn_splits",
    "near_split",
    "told_splits",
]

UNKNOWN = -1
UNLABELLED = len(SPLITS)
"""The split of images of which nothing is asked but how they look."""
SPLIT_WORDS = {
    **{"train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "dev": 1, "test": 2, "testing": 2},
    **{"unlabelled": UNLABELLED, "unlabeled": UNLABELLED},
}
"""What people call train, val and test, and what is in none of them."""
SPLIT_NAMES = (*SPLITS, "unlabelled")


def near_split(name: str) -> str | None:
    """The name of a split that another is a misspelling of, if it looks like one.

    >>> near_split("valdation"), near_split("Tset"), near_split("truck")
    ('validation', 'test', None)
    """
    close = get_close_matches(name.lower(), SPLIT_WORDS, n=1, cutoff=0.75)
    if close and (sorted(close[0]) == sorted(name.lower()) or len(close[0]) != len(name)):
        return close[0]
    return None


def complete_splits(given: Sequence[int], keys: Sequence[str], seed: int) -> NDArray[np.uint8]:
    """Splits (0 train, 1 val, 2 test, or ``UNLABELLED``) of rows. ``given`` has some; elsewhere it is ``UNKNOWN``.

    Rows of one key stay together: keys are files, or what files belong to. A key of unknown split falls by its hash and
    the seed: 10 : 1 : 1, whatever else there is; one that is known for some of its rows is that for all. Where all rows
    are known but none is val, or none is test, the same hash takes these from the keys that are in training alone.
    Where that leaves a split without any, it gets the key of the highest hash from the split that has most of them.
    """
    told, shared = dict.fromkeys(keys, frozenset[int]()), dict[frozenset[int], frozenset[int]]()
    for key, split in zip(keys, given, strict=True):
        if split != UNKNOWN:
            both = told[key] | {split}
            told[key] = shared.setdefault(both, both)  # a set of its own for each key would take most of the memory
    drawn = _drawn(told, [split for split in (1, 2) if split not in set(given)], seed)
    fallen = [drawn.get(key, min(told[key], default=0)) for key in keys]
    free = [split == UNKNOWN or told[key] == {0} for key, split in zip(keys, given, strict=True)]
    return np.where(free, fallen, np.array(given)).astype(np.uint8)


def _drawn(told: Mapping[str, frozenset[int]], absent: Sequence[int], seed: int) -> dict[str, int]:
    """The splits of keys that may fall anywhere: those not told, and those of training if ``absent`` ones are drawn."""
    able = ({0}, set()) if absent else (set(),)
    hashes = {key: derive_seed("split", seed, key) for key, splits in told.items() if splits in able}
    drawn = {key: split_of(number % BUCKETS) for key, number in hashes.items()}
    drawn |= {key: 0 for key, split in drawn.items() if told[key] and split not in absent}
    for split in absent if {0} in told.values() else (0, *absent):
        most, count = Counter(drawn.values()).most_common(1)[0] if drawn else (0, 0)
        if split not in drawn.values() and count > 1:
            _, key = max((hashes[key], key) for key, fallen in drawn.items() if fallen == most)
            drawn[key] = split
    return drawn


def drawn_splits(given: Sequence[int], by: str = "the names of files") -> list[Guess]:
    """What ``complete_splits`` draws, in words."""
    known = set(given)
    absent = [SPLITS[split] for split in (1, 2) if split not in known]
    if UNKNOWN in known:
        return [Guess("split", f"drawn 10 : 1 : 1 by {by}", "nothing says which are train, val and test")]
    return [Guess("split", f"{' and '.join(absent)} drawn from train by {by}", "there are none")] if absent else []


def told_splits(given: Sequence[int], reason: str) -> list[Guess]:
    """Which splits the data has, and what says so; nothing where it has none."""
    names = [name for number, name in enumerate(SPLITS) if number in given]
    return [Guess("split", ", ".join(names), reason)] if names else []
