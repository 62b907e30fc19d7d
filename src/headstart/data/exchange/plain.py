"""Folders (or zip archives) of pictures as people keep them; what their folders tell is in ``layout``.

What nothing tells of splits is drawn by the hash of the file's path, 10 : 1 : 1.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.account import Account
from headstart.data.exchange.base import Arrays, Reader, new_manifest
from headstart.data.exchange.endings import UNREAD, picture_endings, remedy
from headstart.data.exchange.kinds import UNREADABLE, reason, shorter_sides, survey
from headstart.data.exchange.layout import Layout, Parts, layout_of, wrapper_of
from headstart.data.exchange.listing import pictures_among
from headstart.data.exchange.pictures import Fit, PictureOptions, fitted
from headstart.data.exchange.splits import complete_splits, drawn_splits
from headstart.errors import DataError
from headstart.scenes.disk.tree import Entry, files_of

__all__ = ["PlainReader", "Rows", "holds_pictures", "open_pictures", "pictures_below", "read_plain"]


def holds_pictures(path: Path) -> bool:
    """Whether there are pictures below ``path``, be they such as cannot be read."""
    if not path.is_dir() and path.suffix.lower() != ".zip":
        return False
    endings = picture_endings().keys() | UNREAD
    return any(entry.suffix in endings for entry in files_of(path))


@dataclass
class PlainReader(Reader):
    """Pictures made squares of ``resolution``, row by row. labels: class numbers, where folders tell them."""

    entries: Sequence[Entry]
    labels: NDArray[np.int64] | None
    fit: Fit

    def sides(self, rows: Sequence[int]) -> list[int]:
        return shorter_sides(_sources([self.entries[row] for row in rows]))

    def read(self, start: int, stop: int) -> Arrays:
        arrays: Arrays = {"images": np.stack([self._picture(entry) for entry in self.entries[start:stop]])}
        if self.labels is not None:
            arrays["target.class"] = self.labels[start:stop]
        return arrays

    def _picture(self, entry: Entry) -> NDArray[Any]:
        try:
            return fitted(entry.read(), self.manifest.resolution, self.kind, self.fit)
        except (*UNREADABLE, DataError) as error:
            self.unreadable.append(f"{'/'.join(entry.parts)} ({reason(error)})")
            return self.blank()


@dataclass(frozen=True)
class Rows:
    """Pictures to come in, in order. given: splits, or ``UNKNOWN``. keys: what unknown splits are drawn by. names: of
    classes, one a row or none at all. classes: all of them."""

    entries: Sequence[Entry]
    keys: Sequence[str]
    given: Sequence[int]
    names: Sequence[str]
    classes: Sequence[str]


def read_plain(path: Path, options: PictureOptions) -> Reader:
    """A reader of the pictures below ``path``.

    Raises ``DataError`` if there are none, if their folders tell no one story, if none of a class can be read, if they
    are of several kinds (see ``kinds``), or if they differ in size and ``options`` give no resolution.
    """
    account = Account()
    entries, others = pictures_below(path, files_of(path, account.skip), account)
    paths, unread = [entry.parts for entry in entries], [entry.parts for entry in others]
    wrapper = wrapper_of(paths, unread)
    inner = [parts[wrapper:] for parts in paths]
    layout = layout_of(path, inner)
    _refuse_lost_classes(path, layout, [parts[wrapper:] for parts in unread])
    account.guesses += layout.guesses
    keys = ["/".join(parts) for parts in inner]
    rows = Rows(entries, keys, layout.splits, layout.classes, sorted(set(layout.classes)))
    return open_pictures(path, "pictures", rows, options, account)


def pictures_below(path: Path, entries: Sequence[Entry], account: Account) -> tuple[list[Entry], list[Entry]]:
    """``pictures_among``. Raises ``DataError`` if none can be read."""
    readable, others = pictures_among(entries, account)
    if readable:
        return readable, others
    if others:
        endings = ", ".join(sorted({entry.suffix for entry in others}))
        raise DataError(
            f"none of the {len(others)} pictures of {path} can be read ({endings}): {remedy(others[0].suffix)}"
        )
    known = ", ".join(sorted(picture_endings()))
    raise DataError(f"{path} holds no pictures ({known}): name a folder or zip archive that does")


def _sources(entries: Iterable[Entry]) -> Iterator[tuple[str, Path | bytes]]:
    """Pictures with their names, as ``survey`` takes them."""
    return ((str(entry), entry.path if entry.member is None else entry.read()) for entry in entries)


def open_pictures(path: Path, imported: str, rows: Rows, options: PictureOptions, account: Account) -> PlainReader:
    """A reader of ``rows``; what ``survey`` raises for their pictures."""
    splits = complete_splits(rows.given, rows.keys, options.seed)
    account.guesses += drawn_splits(rows.given)
    resolution, kind = survey(_sources(rows.entries), options.resolution, account)
    made_by = {"imported": imported, "resolution": resolution, "seed": options.seed, "fit": options.fit}
    manifest = new_manifest(path.resolve().stem, made_by, kind, rows.classes, splits)
    numbers = {name: number for number, name in enumerate(rows.classes)}
    labels = np.array([numbers[name] for name in rows.names], dtype=np.int64) if rows.classes else None
    targets = ("class",) if rows.classes else ()
    reader = PlainReader(manifest, splits, targets, rows.entries, labels, options.fit)
    reader.account = account
    account.used = len(rows.entries)
    return reader


def _refuse_lost_classes(path: Path, layout: Layout, unread: Sequence[Parts]) -> None:
    """A class that would vanish because none of its pictures can be read."""
    classes, place = set(layout.classes), layout.place
    lost = [parts for parts in unread if classes and len(parts) > place + 1 and parts[place] not in classes]
    if lost:
        name = lost[0][place]
        files = [parts[-1] for parts in lost if parts[place] == name]
        raise DataError(
            f"{path}: none of the {len(files)} pictures of class '{name}' can be read, '{files[0]}' among them: "
            f"{remedy(PurePosixPath(files[0]).suffix.lower())}, or remove the folder"
        )
