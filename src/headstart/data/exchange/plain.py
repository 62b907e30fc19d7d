"""Folders (or zip archives) of pictures as people keep them; what their folders tell is in ``layout``.

What nothing tells of splits is drawn by the hash of the file's path, 10 : 1 : 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.account import Account
from headstart.data.exchange.base import Reader, new_manifest
from headstart.data.exchange.doubts import lone_classes, split_groups
from headstart.data.exchange.endings import UNREAD, endings_in, picture_endings, remedy
from headstart.data.exchange.groups import groups_by
from headstart.data.exchange.kinds import UNREADABLE
from headstart.data.exchange.layout import Layout, Parts, kept_apart, layout_of, outside, wrapper_of
from headstart.data.exchange.listing import pictures_among
from headstart.data.exchange.maps import MapFiles
from headstart.data.exchange.parallel import in_parallel
from headstart.data.exchange.parts import unlabelled_guess
from headstart.data.exchange.pictures import Fit, PictureOptions, squared, stacked, upright
from headstart.data.exchange.splits import UNLABELLED, complete_splits, drawn_splits
from headstart.data.exchange.stored import TARGETS, Arrays
from headstart.data.exchange.survey import headers_of, shorter_sides, survey
from headstart.errors import DataError
from headstart.scenes.disk.tree import Entry, files_of

__all__ = [
    "Beside",
    "PlainOptions",
    "PlainReader",
    "Rows",
    "holds_pictures",
    "open_pictures",
    "pictures_below",
    "read_loose",
    "read_plain",
]


class PlainOptions(PictureOptions):
    """group_by: what in a file's path below the root tells what it belongs to, a patient or scene: a regular expression
    such as ``(p[0-9]+)_``; drawn splits keep it together. outside: what becomes of pictures that are in no folder of a
    split or class, where others are, or in no table: ``refuse`` them (a table leaves them out), or take them as
    ``unlabelled``, which pretraining alone sees."""

    group_by: str | None = None
    outside: Literal["refuse", "unlabelled"] = "refuse"


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

    def portion(self, rows: slice) -> "Beside":
        """Of some pictures."""
        values = {name: values[rows] for name, values in self.values.items()}
        return Beside(values, {name: maps.portion(rows) for name, maps in self.maps.items()})


@dataclass
class PlainReader(Reader):
    """Pictures made squares of ``resolution``, row by row. labels: class numbers, where folders tell them. beside: what
    else is known of them. Of unlabelled ones, which come last, nothing is."""

    entries: Sequence[Entry]
    labels: NDArray[np.int64] | None
    fit: Fit
    beside: Beside

    def portion(self, start: int, stop: int) -> Reader:
        cut = slice(start, stop)
        labels = None if self.labels is None else self.labels[cut]
        entries, beside = self.entries[cut], self.beside.portion(cut)
        return replace(self, splits=self.splits[cut], entries=entries, labels=labels, beside=beside)

    def sides(self, rows: Sequence[int]) -> list[int]:
        return shorter_sides(headers_of([self.entries[row] for row in rows]))

    def read(self, start: int, stop: int) -> Arrays:
        rows = in_parallel(self._row, range(start, stop))
        arrays: Arrays = {name: stacked([row[name] for row in rows]) for name in rows[0]}
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
            for name, maps in (self.beside.maps if self.splits[row] != UNLABELLED else {}).items():
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
    classes, one a row or none at all. classes: all of them. beside: what else is known. groups: one a row, or none.
    apart: pictures that follow, of which nothing is known. reason: why they are that."""

    entries: Sequence[Entry]
    keys: Sequence[str]
    given: Sequence[int]
    names: Sequence[str]
    classes: Sequence[str]
    beside: Beside = Beside()
    groups: Sequence[str] = ()
    apart: Sequence[Entry] = ()
    reason: str = ""


def read_plain(path: Path, options: PlainOptions) -> Reader:
    """A reader of the pictures below ``path``.

    Raises ``DataError`` if there are none, if their folders tell no one story, if none of a class can be read, if they
    are of several kinds (see ``kinds``), or if they differ in size and ``options`` give no resolution.
    """
    account = Account()
    found, others = pictures_below(path, files_of(path, account.skip), account)
    paths, unread = [entry.parts for entry in found], [entry.parts for entry in others]
    wrapper = wrapper_of(paths, unread)
    entries, apart, reason = _divided(path, found, wrapper, options)
    inner = [entry.parts[wrapper:] for entry in entries]
    layout = layout_of(path, inner)
    _refuse_lost_classes(path, layout, [parts[wrapper:] for parts in unread])
    account.guesses += layout.guesses
    if wrapper and not layout.classes:
        account.notes.append(
            f"{path}: all pictures lie in the one folder '{'/'.join(paths[0][:wrapper])}', which is taken for no class"
        )
    keys = ["/".join(parts) for parts in inner]
    rows = Rows(entries, keys, layout.splits, layout.classes, sorted(set(layout.classes)), apart=apart, reason=reason)
    return open_pictures(path, "pictures", rows, options, account)


def _divided(
    path: Path, entries: Sequence[Entry], wrapper: int, options: PlainOptions
) -> tuple[list[Entry], list[Entry], str]:
    """Pictures that folders tell something of, others that are unlabelled, and why they are that."""
    inner = [entry.parts[wrapper:] for entry in entries]
    apart, reason = kept_apart(inner), "they lie in folders of that name"
    if not any(apart) and options.outside == "unlabelled":
        apart, reason = outside(inner), "they lie outside of the folders of splits and classes"
    kept = [entry for entry, alone in zip(entries, apart, strict=True) if not alone]
    if not kept:
        raise DataError(f"{path} holds unlabelled pictures only: add some with labels, or pretrain on it elsewhere")
    return kept, [entry for entry, alone in zip(entries, apart, strict=True) if alone], reason


def read_loose(path: Path, options: PlainOptions) -> Reader:
    """A reader of all pictures below ``path`` as unlabelled ones, whatever their folders say."""
    account = Account()
    entries, _ = pictures_below(path, files_of(path, account.skip), account)
    rows = Rows((), (), (), (), (), apart=entries)
    return open_pictures(path, "pictures", rows, PlainOptions(**options.model_dump()), account)


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


def open_pictures(path: Path, imported: str, rows: Rows, options: PlainOptions, account: Account) -> PlainReader:
    """A reader of ``rows``; what ``survey`` raises for their pictures."""
    groups = rows.groups or (groups_by(options.group_by, rows.keys, str(path)) if options.group_by else ())
    drawn = complete_splits(rows.given, groups or rows.keys, options.seed)
    account.guesses += drawn_splits(rows.given, "group" if groups else "the names of files") if rows.given else []
    account.guesses += unlabelled_guess(len(rows.apart), rows.reason)
    account.notes += [f"{path}: {doubt}" for doubt in (*split_groups(groups, drawn), *lone_classes(rows.names, drawn))]
    splits = np.concatenate([drawn, np.full(len(rows.apart), UNLABELLED, dtype=np.uint8)])
    entries = [*rows.entries, *rows.apart]
    resolution, kind = survey(headers_of(entries), options.resolution, account)
    made_by = {"imported": imported, "resolution": resolution, "seed": options.seed, "fit": options.fit}
    manifest = new_manifest(path.resolve().stem, made_by, kind, rows.classes, splits, sorted(set(groups)))
    numbers = {name: number for number, name in enumerate(rows.classes)}
    labels = np.array([numbers[name] for name in rows.names], dtype=np.int64) if rows.names else None
    beside = _with_groups(rows.beside, groups)
    known = {*(["class"] if rows.names else []), *beside.values, *beside.maps}
    targets = tuple(name for name in TARGETS if name in known)
    reader = PlainReader(manifest, splits, targets, entries, labels, options.fit, beside)
    reader.account = account
    account.used = len(entries) + len(rows.entries) * len(rows.beside.maps)
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
