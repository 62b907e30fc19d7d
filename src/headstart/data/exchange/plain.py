"""Folders (or zip archives) of pictures as people keep them: by split and class, by class, or all in one.

``train/<class>/*.jpg`` with ``val`` (``valid``, ``validation``, ``dev``) and ``test`` beside it; ``<class>/*.jpg``; or
pictures without classes in either. What no folder tells of splits is drawn by the hash of the file's path, 10 : 1 : 1.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.base import Arrays, Reader, ReadOptions, new_manifest
from headstart.data.exchange.kinds import UNREADABLE, reason, survey
from headstart.data.exchange.pictures import PICTURES, fitted
from headstart.data.exchange.splits import SPLIT_WORDS, UNKNOWN, complete_splits
from headstart.errors import DataError
from headstart.scenes.disk.tree import Entry, files_of

__all__ = ["holds_pictures", "read_plain"]

Parts = tuple[str, ...]


def holds_pictures(path: Path) -> bool:
    """Whether there are pictures below ``path``."""
    if not path.is_dir() and path.suffix.lower() != ".zip":
        return False
    return any(entry.suffix in PICTURES for entry in files_of(path))


@dataclass
class PlainReader(Reader):
    """Pictures scaled and cut to ``resolution``, row by row. labels: class numbers, where folders tell them."""

    entries: Sequence[Entry]
    labels: NDArray[np.int64] | None

    def read(self, start: int, stop: int) -> Arrays:
        arrays: Arrays = {"images": np.stack([self._picture(entry) for entry in self.entries[start:stop]])}
        if self.labels is not None:
            arrays["target.class"] = self.labels[start:stop]
        return arrays

    def _picture(self, entry: Entry) -> NDArray[Any]:
        try:
            return fitted(entry.read(), self.manifest.resolution, self.kind)
        except (*UNREADABLE, DataError) as error:
            self.unreadable.append(f"{'/'.join(entry.parts)} ({reason(error)})")
            return self.blank()


def read_plain(path: Path, options: ReadOptions) -> Reader:
    """A reader of the pictures below ``path``.

    Raises ``DataError`` if there are none, if their folders tell no one story, if they are of several kinds (see
    ``kinds``), or if they differ in size and ``options`` give no resolution.
    """
    entries = [entry for entry in files_of(path) if entry.suffix in PICTURES]
    if not entries:
        raise DataError(f"{path} holds no pictures ({', '.join(PICTURES)}): name a folder or zip archive that does")
    paths = _without_wrapper([entry.parts for entry in entries])
    split_layout = any(parts[0].lower() in SPLIT_WORDS for parts in paths if len(parts) > 1)
    given = list(_given_splits(path, paths)) if split_layout else [UNKNOWN] * len(paths)
    names = _class_names(path, [parts[1:] if split_layout else parts for parts in paths])
    classes = sorted(set(names))
    numbers = {name: number for number, name in enumerate(classes)}
    splits = complete_splits(given, ["/".join(parts) for parts in paths], options.seed)
    sources = ((str(entry), entry.path if entry.member is None else entry.read()) for entry in entries)
    resolution, kind = survey(sources, options.resolution)
    made_by = {"imported": "pictures", "resolution": resolution, "seed": options.seed}
    manifest = new_manifest(path.resolve().stem, made_by, kind, classes, splits)
    labels = np.array([numbers[name] for name in names], dtype=np.int64) if classes else None
    return PlainReader(manifest, splits, ("class",) if classes else (), entries, labels)


def _without_wrapper(paths: list[Parts]) -> list[Parts]:
    """Paths below the one folder, or folder in a folder, that holds everything, unless it names a split."""
    top = paths[0][0]
    while top.lower() not in SPLIT_WORDS and all(len(parts) > 1 and parts[0] == top for parts in paths):
        paths = [parts[1:] for parts in paths]
        top = paths[0][0]
    return paths


def _given_splits(path: Path, paths: Sequence[Parts]) -> Iterator[int]:
    for parts in paths:
        if len(parts) == 1 or parts[0].lower() not in SPLIT_WORDS:
            raise DataError(
                f"{path} has folders of splits, and '{'/'.join(parts)}' is in none of train, val and test: move it"
            )
        yield SPLIT_WORDS[parts[0].lower()]


def _class_names(path: Path, paths: Sequence[Parts]) -> list[str]:
    """The class of each path; none at all where pictures lie in no folder of a class."""
    labelled = [parts for parts in paths if len(parts) > 1]
    if not labelled:
        return []
    if len(labelled) < len(paths):
        stray = next(parts for parts in paths if len(parts) == 1)
        raise DataError(f"{path} has folders of classes, and the picture '{stray[0]}' is in none: move or remove it")
    return [parts[0] for parts in paths]
