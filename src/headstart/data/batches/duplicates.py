"""Training images that validation or test has, too: how many there are, and a dataset without them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.data.viewing.likeness import Likeness
from headstart.folder import ShardInfo, read_manifest, read_shard, write_manifest, write_shard

__all__ = ["Leaks", "drop_leaks", "find_leaks"]


@dataclass(frozen=True)
class Leaks:
    """train: bool ``[N]``, the training images that are nearly or exactly the same as one of validation or test, or as
    one that is, row by row of a dataset folder. between: validation images that are the same as one of test."""

    train: NDArray[np.bool_]
    between: int


def find_leaks(folder: Path) -> Leaks:
    """Of a dataset folder, shard by shard. Raises ``DataError`` for shards that are missing or damaged."""
    manifest, likeness, splits = read_manifest(folder), Likeness(), [np.empty(0, dtype=np.uint8)]
    for info in manifest.shards:
        tensors = read_shard(folder / info.file, info)
        likeness.add(tensors["images"].numpy())
        splits.append(tensors["split"].numpy())
    twins, split = likeness.twins(), np.concatenate(splits)
    held = twins.differing(np.where(split > 0, split, 1)) & (split == 1)
    return Leaks(twins.leaked(split), int(held.sum()))


def drop_leaks(folder: Path, out: Path, leaks: Leaks) -> Path:
    """Write the dataset in ``folder`` into ``out`` without its leaked training images; validation and test stay.

    Statistics of its colors are left out, for they were those of all training images. Returns ``out``.
    """
    manifest = read_manifest(folder)
    out.mkdir(parents=True, exist_ok=True)
    shards: list[ShardInfo] = []
    start = 0
    for info in manifest.shards:
        tensors = read_shard(folder / info.file, info)
        kept = np.flatnonzero(~leaks.train[start : start + info.images])
        start += info.images
        if len(kept):
            shards.append(write_shard(out, len(shards), {name: values[kept] for name, values in tensors.items()}))
    counts = {**manifest.counts, "train": manifest.counts["train"] - int(leaks.train.sum())}
    left = {"shards": tuple(shards), "counts": counts, "normalisation": {}}
    write_manifest(out, manifest.model_copy(update=left))
    return out
