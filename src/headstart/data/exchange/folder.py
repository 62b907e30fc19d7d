"""Pictures in folders with a table beside them, and plain folders of pictures that other people made.

Written: ``train/chair/00000012.png`` (``train/00000012.png`` where images have no class, and ``.npy`` where PNG cannot
hold them), ``annotations.csv`` with a line per image (file, split, class, pose, rotation row by row as r11 … r33, and
the files of pixel targets), and ``targets/semantic/00000012.png``, ``targets/instance/00000012.png`` (8 bit),
``targets/depth/00000012.npy`` (float16, infinity included): away from the images, so that tools which take every
picture of a folder take no masks.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.array_files import files_at
from headstart.data.exchange.array_set import holds_arrays
from headstart.data.exchange.arrays import npy, read_npy
from headstart.data.exchange.base import Format, Reader
from headstart.data.exchange.kinds import UNREADABLE
from headstart.data.exchange.parallel import in_parallel
from headstart.data.exchange.pictures import decode, encode, encode_png, stacked
from headstart.data.exchange.plain import PlainOptions, holds_pictures, read_plain
from headstart.data.exchange.provenance import PROVENANCE, read_provenance
from headstart.data.exchange.stored import TARGETS, Arrays, Stored
from headstart.data.exchange.tables import names_pictures
from headstart.errors import DataError
from headstart.folder import PIXEL_TARGETS, SPLITS, Manifest
from headstart.scenes.disk.tree import files_of

__all__ = ["FOLDER", "read_folder_export", "write_folder"]

TABLE = "annotations.csv"
ROTATION = tuple(f"r{row}{column}" for row in (1, 2, 3) for column in (1, 2, 3))


def write_folder(stored: Stored, out: Path, report: Callable[[int], None]) -> None:
    """Write ``stored`` into the empty folder ``out``."""
    folders = _folder_names(stored.manifest.classes)
    with (out / TABLE).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "split", *_columns(stored.targets)])
        for start, arrays in stored.parts():
            for row in range(len(arrays["split"])):
                example = {name: values[row] for name, values in arrays.items()}
                table.writerow(_write_row(out, start + row, example, stored, folders))
            report(start + len(arrays["split"]))


def _columns(targets: Sequence[str]) -> list[str]:
    return [column for name in targets for column in (ROTATION if name == "rotation" else (name,))]


def _write_row(
    out: Path, number: int, example: Mapping[str, Any], stored: Stored, folders: Sequence[str]
) -> list[str | int | float]:
    """Write one image and its pixel targets; its line of the table."""
    split = SPLITS[int(example["split"])]
    inner = (folders[int(example["target.class"])],) if "target.class" in example else ()
    ending, content = encode(example["images"])
    line: list[str | int | float] = [_put(out, (split, *inner, f"{number:08d}.{ending}"), content), split]
    for name in stored.targets:
        value = example[f"target.{name}"]
        if name in ("class", "group"):
            line.append(_names(stored.manifest)[name][int(value)])
        elif name == "pose":
            line.append(int(value))
        elif name == "rotation":
            line += [float(entry) for entry in value.ravel()]  # of 64 bits: Python writes these so that none is lost
        elif name == "depth":
            line.append(_put(out, ("targets", name, f"{number:08d}.npy"), npy(value)))
        else:
            line.append(_put(out, ("targets", name, f"{number:08d}.png"), encode_png(value)))
    return line


def _names(manifest: Manifest) -> Mapping[str, Sequence[str]]:
    """What numbers stand for, by the target that they are."""
    return {"split": SPLITS, "class": manifest.classes, "group": manifest.groups}


def _put(out: Path, parts: Sequence[str], data: bytes) -> str:
    path = out.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return "/".join(parts)


def _folder_names(classes: Sequence[str]) -> list[str]:
    """Names of folders: those of classes, without what file systems or shells take amiss, and each different."""
    names: list[str] = []
    for number, label in enumerate(classes):
        name = re.sub(r"[^\w .-]", "_", label).strip(" .") or "_"
        taken = {known.casefold() for known in names}
        names.append(f"{name}_{number}" if name.casefold() in taken else name)
    return names


@dataclass
class Table:
    """``annotations.csv`` as columns. files: images. values: targets that the table itself tells. beside: the files of
    the others."""

    files: list[str]
    splits: NDArray[np.uint8]
    values: dict[str, NDArray[Any]]
    beside: dict[str, list[str]]

    def portion(self, rows: slice) -> "Table":
        """Some of its lines."""
        values = {name: column[rows] for name, column in self.values.items()}
        beside = {name: files[rows] for name, files in self.beside.items()}
        return Table(self.files[rows], self.splits[rows], values, beside)


@dataclass
class FolderReader(Reader):
    """What ``write_folder`` wrote."""

    root: Path
    table: Table

    def portion(self, start: int, stop: int) -> Reader:
        table = self.table.portion(slice(start, stop))
        return replace(self, splits=table.splits, table=table)

    def read(self, start: int, stop: int) -> Arrays:
        side = self.manifest.resolution
        rows = range(start, stop)
        arrays = {f"target.{name}": values[start:stop] for name, values in self.table.values.items()}
        arrays["images"] = stacked(in_parallel(self._picture, rows))
        for name, files in self.table.beside.items():
            read = self._depth if name == "depth" else self._mask
            arrays[f"target.{name}"] = np.stack([read(row, files[row], (side, side)) for row in rows])
        return arrays

    def name_of(self, row: int) -> str:
        return self.table.files[row]

    def _picture(self, row: int) -> NDArray[Any]:
        file = self.table.files[row]
        try:
            return decode(_inside(self.root, file).read_bytes(), self.shape, self.manifest.dtype)
        except UNREADABLE as error:
            self.bad(row, file, error)
            return self.blank()

    def _mask(self, row: int, file: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        try:
            return decode(_inside(self.root, file).read_bytes(), shape)
        except UNREADABLE as error:
            self.bad(row, file, error)
            return np.zeros(shape, dtype=np.uint8)

    def _depth(self, row: int, file: str, shape: tuple[int, ...]) -> NDArray[Any]:
        try:
            return read_npy(_inside(self.root, file).read_bytes(), shape, np.float16)
        except (OSError, ValueError, EOFError) as error:
            self.bad(row, file, error)
            return np.ones(shape, dtype=np.float16)


def _inside(root: Path, file: str) -> Path:
    """A file of the export. Raises ``DataError`` for a name that leads out of it."""
    inner = PurePosixPath(file)
    if inner.is_absolute() or ".." in inner.parts:
        raise DataError(f"{root / TABLE} names '{file}', which lies outside: name files of {root} only")
    return root / inner


def read_folder_export(path: Path, options: PlainOptions) -> Reader:
    """A reader of ``write_folder``'s files, or of any folder of pictures (see ``plain``)."""
    provenance = read_provenance(path)
    if provenance is None:
        return read_plain(path, options)
    table = _read_table(path / TABLE, provenance.targets, provenance.dataset)
    reader = FolderReader(provenance.dataset, table.splits, provenance.targets, path, table)
    reader.account.used = len(table.files)
    named = {TABLE, PROVENANCE, *table.files, *(file for files in table.beside.values() for file in files)}
    for file in ("/".join(entry.parts) for entry in files_of(path, reader.account.skip)):
        if file not in named:
            reader.account.skip(file, f"not in {TABLE}")
    return reader


def _read_table(path: Path, targets: Sequence[str], manifest: Manifest) -> Table:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = csv.DictReader(file)
            missing = {"file", "split", *_columns(targets)} - set(lines.fieldnames or ())
            if missing:
                raise DataError(f"{path} has no column '{min(missing)}': restore it, or export the dataset again")
            return _parsed(path, lines, targets, manifest)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read ({error}): export the dataset again") from error


def _parsed(path: Path, lines: "csv.DictReader[str]", targets: Sequence[str], manifest: Manifest) -> Table:
    columns: dict[str, list[Any]] = {name: [] for name in ("file", "split", *targets)}
    numbers = {what: {name: at for at, name in enumerate(names)} for what, names in _names(manifest).items()}
    for line in lines:
        try:
            for name, values in columns.items():
                values.append(_value(name, line, numbers))
        except (KeyError, ValueError, TypeError) as error:
            raise DataError(f"{path}, line {lines.line_num}: {name} is not as expected ({error}): mend it") from None
    if not columns["file"]:
        raise DataError(f"{path} names no images: export the dataset again")
    known = {name: np.array(columns[name], dtype=TARGETS[name]) for name in targets if name not in PIXEL_TARGETS}
    beside = {name: columns[name] for name in targets if name in PIXEL_TARGETS}
    return Table(columns["file"], np.array(columns["split"], dtype=np.uint8), known, beside)


def _value(name: str, line: Mapping[str, str], numbers: Mapping[str, Mapping[str, int]]) -> Any:
    """One entry of a line. Raises ``ValueError`` for a split, class or group that there is not."""
    if name in numbers:
        if line[name] not in numbers[name]:
            raise ValueError(f"'{line[name]}'")
        return numbers[name][line[name]]
    if name == "pose":
        return int(line[name])
    if name == "rotation":
        return [[float(line[column]) for column in ROTATION[start : start + 3]] for start in (0, 3, 6)]
    if not line[name]:
        raise ValueError("empty")
    return line[name]


def _recognises(path: Path) -> bool:
    beside = files_at(path) if path.is_dir() and holds_arrays(path) else []
    return holds_pictures(path, beside) and not names_pictures(path)


FOLDER = Format(
    "folder",
    "Pictures in folders by split and class, with a table beside them.",
    PlainOptions,
    write_folder,
    read_folder_export,
    _recognises,
)
