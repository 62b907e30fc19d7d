"""Pictures that a table names, with their classes and splits; written as ``folder`` is, which has a table too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from headstart.data.class_names import ordered
from headstart.data.exchange.account import Account
from headstart.data.exchange.base import Format, Reader
from headstart.data.exchange.folder import read_folder_export, write_folder
from headstart.data.exchange.layout import Parts, layout_of, named_splits, split_of_name, wrapper_of
from headstart.data.exchange.plain import PlainOptions, PlainReader, Rows, open_pictures, pictures_below
from headstart.data.exchange.provenance import read_provenance
from headstart.data.exchange.splits import UNKNOWN, UNLABELLED, near_split
from headstart.data.exchange.table_targets import (
    MAPS,
    TargetOptions,
    Told,
    beside_of,
    columns_of,
    read_targets,
)
from headstart.data.exchange.tables import (
    CLASS,
    GROUP,
    PATH,
    SPLIT,
    Table,
    column_of,
    entry_of,
    is_table,
    names_pictures,
    read_table,
    tables_among,
)
from headstart.errors import DataError
from headstart.scenes.disk.tree import Entry, files_of

__all__ = ["TABLE", "TableOptions", "open_named"]

APART = "the table says so, or says nothing of them"

NAN = ("nan", "<na>")
"""What programs write where they know nothing."""


class TableOptions(TargetOptions, PlainOptions):
    """Which table, and which of its columns; by default what people call them, and ``none`` is no column.

    table: its file below the root; by default every ``metadata.csv`` or ``.parquet``, or the only table there is.
    path_column: files of pictures, relative to the table. class_column, split_column: their classes and splits; where
    there is no such column, folders tell (see ``layout``). group_column: what they belong to, a patient or scene, that
    drawn splits keep together.
    """

    table: str | None = None
    path_column: str | None = None
    class_column: str | None = None
    split_column: str | None = None
    group_column: str | None = None


@dataclass
class _Named:
    """What tables say, row by row, in their order. where: the table and row that first named a file. told: targets.
    apart: unlabelled pictures."""

    entries: list[Entry] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    splits: list[int] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    where: dict[Parts, str] = field(default_factory=dict)
    told: Told = field(default_factory=dict)
    apart: list[Entry] = field(default_factory=list)


def read_named(path: Path, options: TableOptions) -> Reader:
    """A reader of the pictures that a table at or below ``path`` names; others are skipped.

    Raises ``DataError``, naming table and row, for a file that is missing, outside, no picture, or named twice, and for
    an empty class or a split that is none; for a column that is missing; and as ``read_plain`` for the pictures.
    """
    if read_provenance(path) is not None:
        return read_folder_export(path, options)
    account = Account()
    root = path.parent if is_table(path) else path
    entries = files_of(root, account.skip)
    tables = [read_table(entry) for entry in _tables(path, entries, options)]
    if options.table is None:
        account.guess("table", ", ".join("/".join(table.entry.parts) for table in tables), "it names pictures")
    others = [entry for entry in entries if entry not in {table.entry for table in tables}]
    return open_named(path, root, tables, others, options, account)


def open_named(
    path: Path, root: Path, tables: Sequence[Table], entries: Sequence[Entry], options: TableOptions, account: Account
) -> PlainReader:
    """A reader of those of ``entries``, files below ``root``, that ``tables`` name. Raises as ``read_named``."""
    pictures, _ = pictures_below(root, entries, account)
    files, named = {entry.parts: entry for entry in pictures}, _Named()
    for table in tables:
        _read_rows(table, files, options, named)
    if not named.entries:
        raise DataError(f"{tables[0]} names no pictures: write a row for each")
    maps = {entry.parts for name in MAPS for _, entry in named.told.get(name, ())}
    for parts in sorted(files.keys() - named.where.keys() - maps):
        if options.outside == "unlabelled":
            named.apart.append(files[parts])
        else:
            account.skip("/".join(parts), "not in the table")
    return open_pictures(path, "table", _rows(root, named, options, account), options, account)


def _tables(path: Path, entries: Sequence[Entry], options: TableOptions) -> list[Entry]:
    wanted = path.name if is_table(path) else options.table
    found = [entry for entry in entries if "/".join(entry.parts) == wanted] if wanted else tables_among(entries)
    if not found:
        which = f"no table '{wanted}'" if wanted else "no metadata.csv or .parquet, and not one table alone"
        raise DataError(f"{path} has {which}: name one that it has with `table`")
    return found


def _read_rows(table: Table, files: Mapping[Parts, Entry], options: TableOptions, named: _Named) -> None:
    place = column_of(table, "path_column", options.path_column, PATH)
    if place is None:
        columns = ", ".join(table.header)
        raise DataError(f"{table} has no column of files ({', '.join(PATH)}) but {columns}: name it with `path_column`")
    label = column_of(table, "class_column", options.class_column, CLASS)
    split = column_of(table, "split_column", options.split_column, SPLIT)
    group = column_of(table, "group_column", options.group_column, GROUP)
    targets = columns_of(table, options, files)
    for number, row in table.rows:
        where = f"{table}, row {number}"
        entry = entry_of(where, table, row[place], files)
        if entry.parts in named.where:
            raise DataError(f"{where} names '{row[place]}' again, after {named.where[entry.parts]}: keep one of them")
        named.where[entry.parts] = where
        told = UNKNOWN if split is None else _split(where, row[place], row[split])
        bare = label is not None and _is_bare(row[label])
        if told == UNLABELLED or (bare and options.outside == "unlabelled"):
            named.apart.append(entry)
            continue
        named.entries.append(entry)
        if label is not None:
            named.classes.append(_filled(where, row[place], row[label], "class"))
        if group is not None:
            named.groups.append(_filled(where, row[place], row[group], "group"))
        if split is not None:
            named.splits.append(told)
        read_targets(where, row, table, targets, files, named.told)


def _is_bare(value: str) -> bool:
    return not value.strip() or value.strip().lower() in NAN


def _filled(where: str, file: str, value: str, what: str) -> str:
    if _is_bare(value):
        told = f"'{value.strip()}' as" if value.strip() else "no"
        apart = ", or let pretraining alone see such pictures (`outside=unlabelled`)" if what == "class" else ""
        raise DataError(f"{where} has {told} {what} for '{file}': fill it in, or remove the row{apart}")
    return value.strip()


def _split(where: str, file: str, value: str) -> int:
    split = split_of_name(value.strip())
    if split == UNKNOWN:
        near = near_split(value.strip())
        mend = f"did you mean '{near}'? Mend it" if near else "mend it"
        raise DataError(
            f"{where} has '{value}' as split of '{file}', none of train, val and test: {mend}, or draw splits "
            "(`split_column=none`)"
        )
    return split


def _rows(root: Path, named: _Named, options: TableOptions, account: Account) -> Rows:
    """What the tables say, and folders where they do not; some tables of several may not have the columns of others."""
    count = len(named.entries)
    if named.groups:
        account.guess("group", f"{len(set(named.groups))} of them", "the table has a column of groups")
    for what, values in (("class", named.classes), ("split", named.splits), ("group", named.groups)):
        if 0 < len(values) < count:
            raise DataError(f"some tables below {root} have a {what} column and others have none: add or remove it")
    paths = [entry.parts for entry in named.entries]
    inner = [parts[wrapper_of(paths) :] for parts in paths]
    splits, classes = named.splits, named.classes
    if not classes:
        layout = layout_of(root, inner)
        classes = list(layout.classes)
        account.guesses += [guess for guess in layout.guesses if guess.what == "class"]
    if not splits:
        given, guesses = named_splits(root, inner)
        splits = list(given)
        account.guesses += guesses
    beside, names = beside_of(named.told, count, options, ordered(classes), str(root), account)
    keys = ["/".join(parts) for parts in inner]
    return Rows(named.entries, keys, splits, classes, names, beside, named.groups, named.apart, APART)


TABLE = Format(
    "table",
    "Pictures with a CSV or Parquet table of their classes and splits.",
    TableOptions,
    write_folder,
    read_named,
    names_pictures,
)
