"""A folder of pictures as a library of textures."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from headstart.errors import DataError
from headstart.scenes.buckets import BUCKETS
from headstart.scenes.disk.digests import digests, fingerprint
from headstart.scenes.disk.tree import Entry, files_of
from headstart.scenes.textures import SIDE

__all__ = ["DiskTextures", "find_textures"]

FORMATS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
LABEL_LIST = ("labels", "labels_joint_anno.txt")
NAMED = 5
"""How many unreadable files an error names; it tells the number of the others."""


@dataclass(frozen=True, eq=False)
class DiskTextures:
    """Pictures, cut to their central square; a picture's number modulo 12 is its bucket."""

    root: Path
    pictures: tuple[Entry, ...]

    @property
    def count(self) -> int:
        return len(self.pictures)

    @cached_property
    def fingerprint(self) -> str:
        hashes = digests(self.root, self.pictures)
        return fingerprint({"/".join(entry.parts): digest for entry, digest in hashes.items()})

    def numbers(self, bucket: int) -> Sequence[int]:
        return range(bucket, self.count, BUCKETS)

    def texture(self, number: int) -> NDArray[np.uint8]:
        """Raises ``DataError``, naming the file, for a picture that ends too soon."""
        entry = self.pictures[number]
        try:
            picture = Image.open(io.BytesIO(entry.read())).convert("RGB")
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise DataError(f"{entry} is not a whole picture ({error}): mend or remove it") from error
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        box = (left, top, left + side, top + side)
        return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX, box=box))


def find_textures(root: Path) -> DiskTextures:
    """Every picture below ``root``, or, in the layout of the Describable Textures Dataset, those that its label list
    names. Raises ``DataError`` for files that are no pictures, and for fewer pictures than buckets."""
    root = root.expanduser()
    entries = files_of(root)
    pictures = _listed(entries, root) or [entry for entry in entries if entry.suffix in FORMATS]
    if len(pictures) < BUCKETS:
        raise DataError(
            f"{root} holds {len(pictures)} pictures ({', '.join(FORMATS)}), and {BUCKETS} are the fewest, "
            "so that training, validation and test share none: add some"
        )
    _refuse_unreadable([entry for entry in pictures if not _opens(entry)], root)
    return DiskTextures(root, tuple(sorted(pictures, key=_scattered)))


def _listed(entries: Sequence[Entry], root: Path) -> list[Entry]:
    """What the label list names (``banded/banded_0002.jpg banded …`` per line); nothing if there is no list."""
    lists = [entry for entry in entries if entry.parts[-2:] == LABEL_LIST]
    if not lists:
        return []
    known = {"/".join(entry.parts[-2:]): entry for entry in entries if entry.suffix in FORMATS}
    names = [line.split()[0] for line in lists[0].read().decode().splitlines() if line.strip()]
    missing = [name for name in names if name not in known]
    if missing:
        raise DataError(f"{root} lacks {len(missing)} pictures of its label list, {missing[0]} the first: restore them")
    return [known[name] for name in names]


def _opens(entry: Entry) -> bool:
    """Whether its first bytes are those of a picture; the rest is read when it is needed."""
    try:
        with Image.open(entry.path if entry.member is None else io.BytesIO(entry.read())) as picture:
            return min(picture.size) > 0
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return False


def _refuse_unreadable(entries: Sequence[Entry], root: Path) -> None:
    if entries:
        more = f" and {len(entries) - NAMED} more" if len(entries) > NAMED else ""
        names = ", ".join("/".join(entry.parts) for entry in entries[:NAMED])
        raise DataError(f"{len(entries)} files of {root} are no pictures: {names}{more}; mend or remove them")


def _scattered(entry: Entry) -> bytes:
    return hashlib.sha256("/".join(entry.parts).encode()).digest()
