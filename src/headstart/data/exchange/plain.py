"""Folders (or zip archives) of pictures as people keep them; what their folders tell is in ``layout``.

What nothing tells of splits is drawn by the hash of the file's path, 10 : 1 : 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.account import Account
from headstart.data.exchange.base import TARGETS, Arrays, Reader, new_manifest
from headstart.data.exchange.doubts import lone_classes, split_groups
from headstart.data.exchange.endings import UNREAD, endings_in, picture_endings, remedy
from headstart.data.exchange.groups import groups_by
from headstart.data.exchange.kinds import UNREADABLE, survey
from headstart.data.exchange.layout import Layout, Parts, layout_of, wrapper_of
from headstart.data.exchange.listing import pictures_among
from headstart.data.exchange.maps import MapFiles
from headstart.data.exchange.parallel import in_parallel
from headstart.data.exchange.pictures import Fit, PictureOptions, squared, upright
from headstart.data.exchange.splits import complete_splits, drawn_splits
from headstart.errors import DataError
from headstart.scenes.disk.tree import Entry, files_of

__all__ = ["Beside", "PlainReader", "Rows", "holds_pictures", "open_pictures", "pictures_below", "read_plain"]


def holds_pictures(path: Path, others: Sequence[Path] = ()) -> bool:
    """Whether there are pictures below ``path``, be they such as cannot be read, besides ``others``."""
    if not path.is_dir() and path.suffix.lower() != ".zip":
        return False
    endings = picture_endings().keys() | UNREAD
    return any(entry.suffix in endings and entry.path not in others for entry in files_of(path))


@dataclass(frozen=True)
class Beside:
    """What is known of pictures but for classes. values: targets, a row each. maps: targets in files of their own."""

    values: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    maps: Mapping[str, MapFiles] = field(default_factory=dict)


@dataclass
class PlainReader(Reader):
    """Pictures made squares of ``resolution``, row by row. labels: class numbers, where folders tell them. beside: what
    else is known of them."""

    entries: Sequence[Entry]
    labels: NDArray[np.int64] | None
    fit: Fit
    beside: Beside

    def read(self, start: int, stop: int) -> Arrays:
        rows = in_parallel(self._row, range(start, stop))
        arrays: Arrays = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
        if self.labels is not None:
            arrays["target.class"] = self.labels[start:stop]
        return arrays | {f"target.{name}": values[start:stop] for name, values in self.beside.values.items()}

    def name_of(self, row: int) -> str:
        return "/".join(self.entries[row].parts)

    def _row(self, row: int) -> Arrays:
        side = self.manifest.resolution
        try:
            # Maps are as large as their pictures, so that these are decoded whole.
            pixels = upright(self.entries[row].read(), self.kind, None if self.beside.maps else side)
            found: Arrays = {"images": squared(pixels, side, self.kind, self.fit)}
            for name, maps in self.beside.maps.items():
                found[f"target.{name}"] = maps.read(row, pixels.shape[:2], side, self.fit)
        except (*UNREADABLE, DataError) as error:
            self.bad(row, self.name_of(row), error)
            return {"images": self.blank()} | {
                f"target.{name}": np.zeros((side, side), TARGETS[name]) for name in self.beside.maps
            }
        return found


@dataclass(frozen=True)
class Rows:
    """Pictures to come in, in order. given: splits, or ``UNKNOWN``. keys: what unknown splits are drawn by. names: of
    classes, one a row or none at all. classes: all of them. beside: what else is known. groups: one a row, or none."""

    entries: Sequence[Entry]
    keys: Sequence[str]
    given: Sequence[int]
    names: Sequence[str]
    classes: Sequence[str]
    beside: Beside = Beside()
    groups: Sequence[str] = ()


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
    if wrapper and not layout.classes:
        account.notes.append(
            f"{path}: all pictures lie in the one folder '{'/'.join(paths[0][:wrapper])}', which is taken for no class"
        )
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
    raise DataError(f"{path} holds no pictures ({endings_in(path)}): name a folder or zip archive that does")


def open_pictures(path: Path, imported: str, rows: Rows, options: PictureOptions, account: Account) -> PlainReader:
    """A reader of ``rows``; what ``survey`` raises for their pictures."""
    groups = rows.groups or (groups_by(options.group_by, rows.keys, str(path)) if options.group_by else ())
    splits = complete_splits(rows.given, groups or rows.keys, options.seed)
    account.guesses += drawn_splits(rows.given, "group" if groups else "the names of files")
    account.notes += [
        f"{path}: {doubt}" for doubt in (*split_groups(groups, splits), *lone_classes(rows.names, splits))
    ]
    sources = ((str(entry), entry.path if entry.member is None else entry.read()) for entry in rows.entries)
    resolution, kind = survey(sources, options.resolution, account)
    made_by = {"imported": imported, "resolution": resolution, "seed": options.seed, "fit": options.fit}
    manifest = new_manifest(path.resolve().stem, made_by, kind, rows.classes, splits, sorted(set(groups)))
    numbers = {name: number for number, name in enumerate(rows.classes)}
    labels = np.array([numbers[name] for name in rows.names], dtype=np.int64) if rows.names else None
    beside = _with_groups(rows.beside, groups)
    known = {*(["class"] if rows.names else []), *beside.values, *beside.maps}
    targets = tuple(name for name in TARGETS if name in known)
    reader = PlainReader(manifest, splits, targets, rows.entries, labels, options.fit, beside)
    reader.account = account
    account.used = len(rows.entries) * (1 + len(rows.beside.maps))
    return reader


def _with_groups(beside: Beside, groups: Sequence[str]) -> Beside:
    """Groups by number, in the order of their names."""
    if not groups:
        return beside
    numbers = np.unique(np.array(groups, dtype=object), return_inverse=True)[1]
    return replace(beside, values={**beside.values, "group": numbers.astype(np.int64)})


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
