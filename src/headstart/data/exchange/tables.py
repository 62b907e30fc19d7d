"""Tables that name pictures: finding them, reading their text, and which columns are which."""

import csv
import difflib
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from headstart.data.exchange.endings import picture_endings
from headstart.data.exchange.layout import Parts
from headstart.data.exchange.listing import TABLES
from headstart.errors import DataError
from headstart.scenes.disk.tree import Entry, files_of

__all__ = [
    "CLASS",
    "DEPTH",
    "GROUP",
    "MASK",
    "PATH",
    "POSE",
    "SPLIT",
    "Table",
    "column_of",
    "entry_of",
    "is_table",
    "names_pictures",
    "read_table",
    "steps_of",
    "tables_among",
]

DELIMITERS = {".csv": ",", ".tsv": "\t"}
NONE = "none"
PATH = ("file_name", "filename", "file", "path", "image", "image_path", "filepath", "img")
CLASS = ("class", "label", "category", "class_name", "label_name")
SPLIT = ("split", "set", "subset", "fold")
GROUP = ("group", "group_id", "patient", "patient_id", "subject", "subject_id")
MASK = ("mask", "semantic", "segmentation", "mask_path", "mask_file", "label_map")
DEPTH = ("depth", "depth_path", "depth_file", "depth_map")
POSE = ("pose",)
"""What people call the columns, the plainest first."""


@dataclass(frozen=True)
class Table:
    """Text by row and column. rows: each with its number in the file, as an editor shows it. called: for people, what
    is no file."""

    entry: Entry
    header: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str]]]
    called: str = ""

    def __str__(self) -> str:
        return self.called or str(self.entry)


def is_table(path: Path) -> bool:
    """Whether a file is a table, by its ending."""
    return path.suffix.lower() in TABLES and path.is_file()


def names_pictures(path: Path) -> bool:
    """Whether there is a table at or below ``path`` that names pictures there, and their classes, splits or maps."""
    if is_table(path):
        return True
    if not path.is_dir() and path.suffix.lower() != ".zip":
        return False
    entries = files_of(path)
    files = {entry.parts for entry in entries if entry.suffix in picture_endings()}
    try:
        return bool(files) and any(_names(table, files) for table in map(read_table, tables_among(entries)))
    except DataError:
        return False  # some other table; who asks for this one hears what is wrong with it


def _names(table: Table, files: set[tuple[str, ...]]) -> bool:
    known = [name.lower() for name in table.header]
    place = next((known.index(word) for word in PATH if word in known), None)
    if place is None or not table.rows or not set(known) & {*CLASS, *SPLIT, *MASK, *DEPTH, *POSE}:
        return False
    return any(steps_of(table, row[place]).parts in files for _, row in table.rows)


def tables_among(entries: Sequence[Entry]) -> list[Entry]:
    """Those called ``metadata``, as Hugging Face has them; else the only table, if there is one."""
    tables = [entry for entry in entries if entry.suffix in TABLES]
    named = [entry for entry in tables if entry.parts[-1].lower().startswith("metadata.")]
    return named or (tables if len(tables) == 1 else [])


def read_table(entry: Entry) -> Table:
    """A CSV, TSV or Parquet file. Raises ``DataError`` for one that is damaged, without a header, or not in UTF-8."""
    lines = _parquet(entry) if entry.suffix == ".parquet" else _text(entry)
    _, header = next(lines, (0, []))
    if not header:
        raise DataError(f"{entry} is empty: write a header and a row for each picture, or remove it")
    if len(header) == 1 and (other := next((sign for sign in ";\t|" if sign in header[0]), None)):
        raise DataError(f"{entry} has columns with {other!r} between them: save it with commas, or tabs as .tsv")
    rows = [(number, row) for number, row in lines if row]
    for number, row in rows:
        if len(row) != len(header):
            raise DataError(f"{entry}, row {number}: {len(row)} values for {len(header)} columns: mend it")
    return Table(entry, [name.strip() for name in header], rows)


def column_of(table: Table, key: str, asked: str | None, words: Sequence[str]) -> int | None:
    """The place of the column that an option names, or else of the first that is called as people call it.

    ``None`` if there is none, or if the option is ``none``. Raises ``DataError`` for a wrong name.
    """
    known = [name.lower() for name in table.header]
    if asked is None:
        return next((known.index(word) for word in words if word in known), None)
    if asked == NONE:
        return None
    if asked not in table.header:
        close = difflib.get_close_matches(asked, table.header, n=1)
        hint = f"did you mean '{close[0]}'" if close else f"its columns are {', '.join(table.header)}"
        raise DataError(f"{table} has no column '{asked}', which `{key}` names: {hint}")
    return table.header.index(asked)


def entry_of(where: str, table: Table, name: str, files: Mapping[Parts, Entry], what: str = "file") -> Entry:
    """The file that a row means by ``name``. Raises ``DataError``, which ``where`` begins, if it means none."""
    if not name:
        raise DataError(f"{where} names no {what}: fill in its path, or remove the row")
    steps = steps_of(table, name)
    if PurePosixPath(name).is_absolute() or PureWindowsPath(name).is_absolute() or ".." in steps.parts:
        raise DataError(
            f"{where} names '{name}', which lies outside: name files below the folder, relative to the table"
        )
    entry = files.get(steps.parts)
    if entry is None and steps.suffix.lower() not in picture_endings():
        raise DataError(f"{where} names '{name}', which ends like no picture that can be read: convert or remove it")
    if entry is None:
        raise DataError(f"{where} names '{name}', which is not there: restore it, or remove the row")
    return entry


def steps_of(table: Table, name: str) -> PurePosixPath:
    """Where the file ``name`` of a row lies below the root, ``./`` and backslashes aside."""
    return PurePosixPath(os.path.normpath("/".join((*table.entry.parts[:-1], name.replace("\\", "/")))))


def _text(entry: Entry) -> Iterator[tuple[int, Sequence[str]]]:
    try:
        lines = csv.reader(
            io.StringIO(entry.read().decode("utf-8-sig"), newline=""), delimiter=DELIMITERS[entry.suffix], strict=True
        )
        for row in lines:
            yield lines.line_num, row
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{entry} cannot be read ({error}): save it as CSV in UTF-8") from error


def _parquet(entry: Entry) -> Iterator[tuple[int, Sequence[str]]]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(pa.BufferReader(entry.read()))
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{entry} is no whole Parquet file ({error}): make it again") from error
    columns = [["" if value is None else str(value) for value in column.to_pylist()] for column in table.columns]
    yield 0, table.column_names
    yield from enumerate(zip(*columns, strict=True), start=1)
