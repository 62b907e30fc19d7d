"""Which split a row is in, where the data says so and where it does not."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.account import Guess
from headstart.folder import SPLITS
from headstart.scenes.buckets import BUCKETS, split_of
from headstart.seeding import derive_seed

__all__ = ["SPLIT_NAMES", "SPLIT_WORDS", "UNKNOWN", "UNLABELLED", "complete_splits", "drawn_splits", "told_splits"]

UNKNOWN = -1
UNLABELLED = len(SPLITS)
"""The split of images of which nothing is asked but how they look."""
SPLIT_WORDS = {
    **{"train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "dev": 1, "test": 2, "testing": 2},
    **{"unlabelled": UNLABELLED, "unlabeled": UNLABELLED},
}
"""What people call train, val and test, and what is in none of them."""
SPLIT_NAMES = (*SPLITS, "unlabelled")


def complete_splits(given: Sequence[int], keys: Sequence[str], seed: int) -> NDArray[np.uint8]:
    """Splits (0 train, 1 val, 2 test, or ``UNLABELLED``) of rows. ``given`` has some; elsewhere it is ``UNKNOWN``.

    An unknown row falls by the hash of its key and the seed: 10 : 1 : 1, whatever else there is. Where all rows are
    known but none is val, or none is test, the same hash takes these from the training rows.
    """
    splits = np.array(given, dtype=np.int64)
    absent = [split for split in (1, 2) if split not in splits]
    for row in np.flatnonzero((splits == UNKNOWN) | ((splits == 0) & bool(absent))).tolist():
        drawn = split_of(derive_seed("split", seed, keys[row]) % BUCKETS)
        if splits[row] == UNKNOWN or drawn in absent:
            splits[row] = drawn
    return splits.astype(np.uint8)


def drawn_splits(given: Sequence[int]) -> list[Guess]:
    """What ``complete_splits`` draws, in words."""
    known = set(given)
    absent = [SPLITS[split] for split in (1, 2) if split not in known]
    if UNKNOWN in known:
        return [Guess("split", "drawn 10 : 1 : 1 by the names of files", "nothing says which are train, val and test")]
    return [Guess("split", f"{' and '.join(absent)} drawn from train", "there are none")] if absent else []


def told_splits(given: Sequence[int], reason: str) -> list[Guess]:
    """Which splits the data has, and what says so; nothing where it has none."""
    names = [name for number, name in enumerate(SPLITS) if number in given]
    return [Guess("split", ", ".join(names), reason)] if names else []
