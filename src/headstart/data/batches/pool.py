"""What pretraining learns from: training images and, after them, images without labels, in one file that is mapped.

``images.npy`` ``[N, H, W, C]``; ``about.json``, written last: counts of both.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from headstart.data.batches.array_writer import PlacedWriter
from headstart.data.batches.stored import map_array, map_dataset, read_about, shards_of
from headstart.data.dataset import ImageSet
from headstart.errors import DataError, StoreError
from headstart.files import unwritable, write_atomic
from headstart.folder import read_manifest

__all__ = ["map_pool", "store_pool"]

IMAGES, ABOUT = "images", "about.json"
TOGETHER = 256


def store_pool(dataset: Path, folders: Sequence[Path], out: Path) -> None:
    """Write the training images of the stored ``dataset`` and all images of the dataset ``folders`` into ``out``.

    An image that the dataset has already, in any split, is not taken again, so that nothing is learned from those that
    are tested on; nor is one that was taken before. Their order depends on what they are, and not on files. Raises
    ``DataError`` for images of another kind and if none is left, ``StoreError`` if ``out`` cannot be written.
    """
    stored = map_dataset(dataset)
    count, pool = len(stored.train), _Pool(folders, read_about(dataset))
    known = {digest for images in stored.splits.values() for part in _parts(images) for digest in _digests(part)}
    places = pool.places(known)
    if not (places >= 0).any():
        raise DataError(f"all {len(places)} unlabelled images are in the dataset itself: leave `unlabelled` out")
    total = count + int((places >= 0).sum())
    try:
        with PlacedWriter(out / f"{IMAGES}.npy", next(_parts(stored.train)), total) as writer:
            for start, part in zip(range(0, count, TOGETHER), _parts(stored.train), strict=True):
                writer.write(np.arange(start, start + len(part)), part)
            start = 0
            for part in pool.parts():
                here = places[start : start + len(part)]
                if (here >= 0).any():
                    writer.write(count + here[here >= 0], part[here >= 0])
                start += len(part)
            writer.finish()
    except OSError as error:
        raise StoreError(unwritable(out, error)) from error
    write_atomic(out / ABOUT, json.dumps({"counts": {"train": count, "unlabelled": total - count}}).encode())


def map_pool(folder: Path, train: ImageSet) -> ImageSet:
    """What ``store_pool`` wrote, mapped, prepared as ``train`` is."""
    try:
        images = map_array(folder, IMAGES).permute(0, 3, 1, 2)
    except (OSError, ValueError) as error:
        raise DataError(f"{folder} is damaged ({error}): delete it and run the same command again") from error
    return ImageSet(images, prepare=train.prepare)


@dataclass(frozen=True)
class _Pool:
    """Images of dataset folders, as those of a dataset are. about: of that."""

    folders: Sequence[Path]
    about: dict[str, object]

    def parts(self) -> Iterator[NDArray[np.generic]]:
        """``[n, H, W, C]``, shard by shard. Raises ``DataError`` for another kind."""
        for folder in self.folders:
            manifest = read_manifest(folder)
            for tensors in shards_of(folder, manifest):
                yield self._alike(tensors[IMAGES], manifest.name)

    def _alike(self, images: Tensor, name: str) -> NDArray[np.generic]:
        pixels: NDArray[np.generic] = images.permute(0, 2, 3, 1).numpy()
        if pixels.shape[3] == 1 and self.about["channels"] == 3:
            pixels = pixels.repeat(3, axis=3)
        found = (pixels.dtype.name, pixels.shape[3], pixels.shape[1])
        wanted = tuple(self.about[key] for key in ("dtype", "channels", "resolution"))
        if found != wanted:
            ours, theirs = (f"{dtype} [{side}, {side}, {channels}]" for dtype, channels, side in (wanted, found))
            raise DataError(f"unlabelled images of '{name}' are {theirs}, and the dataset's {ours}: convert them")
        return pixels

    def places(self, known: set[bytes]) -> NDArray[np.int64]:
        """Where each image lies after the training images, by its hash; -1 for those that are ``known``."""
        digests = [digest for part in self.parts() for digest in _digests(part)]
        rank = {digest: place for place, digest in enumerate(sorted(set(digests) - known))}
        places = [rank.pop(digest, -1) for digest in digests]
        return np.array(places, dtype=np.int64)


def _parts(images: ImageSet) -> Iterator[NDArray[np.generic]]:
    pixels = images.images.permute(0, 2, 3, 1)
    for start in range(0, len(pixels), TOGETHER):
        yield pixels[start : start + TOGETHER].numpy()


def _digests(pixels: NDArray[np.generic]) -> list[bytes]:
    return [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in pixels]
