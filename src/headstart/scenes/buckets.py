"""Disjoint buckets of scenes, shapes and textures: ten to train on, one to validate, one to test."""

from headstart.folder import SPLITS

__all__ = ["BUCKETS", "TRAINING", "rank_in_split", "split_counts", "split_of"]

BUCKETS = 12
TRAINING = 10


def split_of(index: int) -> int:
    """The split (0 train, 1 val, 2 test) of scene ``index``; its bucket, ``index % 12``, decides."""
    return max(0, index % BUCKETS - TRAINING + 1)


def rank_in_split(index: int) -> int:
    """How many scenes before ``index`` belong to its split."""
    block, bucket = divmod(index, BUCKETS)
    return block * TRAINING + bucket if bucket < TRAINING else block


def split_counts(images: int) -> dict[str, int]:
    """How many of the first ``images`` scenes each split gets, 10 : 1 : 1."""
    block, rest = divmod(images, BUCKETS)
    train = block * TRAINING + min(rest, TRAINING)
    val = block + (rest > TRAINING)
    return dict(zip(SPLITS, (train, val, images - train - val), strict=True))
