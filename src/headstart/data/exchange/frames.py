"""A pandas DataFrame, of files or of arrays, as a dataset folder."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.data.exchange.account import Account
from headstart.data.exchange.memory import import_arrays
from headstart.data.exchange.table import TableOptions, open_named
from headstart.data.exchange.tables import CLASS, DEPTH, GROUP, MASK, PATH, POSE, SPLIT, Table, column_of
from headstart.data.exchange.transfer import Listener, import_reader, refuse_untaught
from headstart.errors import DataError
from headstart.folder import Manifest
from headstart.names import as_text
from headstart.scenes.disk.tree import Entry, Folder, files_of
from headstart.schema import validate

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["import_frame"]

WHERE = "the frame"
COLUMNS = {
    "labels": ("class_column", CLASS),
    "split": ("split_column", SPLIT),
    "groups": ("group_column", GROUP),
    "masks": ("mask_column", MASK),
    "depth": ("depth_column", DEPTH),
    "pose": ("pose_column", POSE),
}
"""By argument of ``import_arrays``: the option that names its column, and what people call it."""


def import_frame(
    frame: "pd.DataFrame",
    *,
    out: Path | str,
    root: Path | str | None = None,
    progress: Listener | None = None,
    tell: Callable[[Account], None] | None = None,
    **options: Any,
) -> Manifest:
    """Write what a DataFrame names, or holds, into a dataset folder at ``out``, and return its manifest.

    A row is an image: a column has the paths of files, relative to ``root`` (default: the working directory, or the
    folder that holds all where paths are absolute), or the pixels, an array or tensor each. Other columns are classes,
    splits, masks, …, as of the format ``table``, whose options these are: ``class_column``, ``resolution``, …. Raises
    ``DataError``, naming a row, for what is no such image, ``StoreError`` if ``out`` holds something.

    >>> import headstart, pandas as pd
    >>> frame = pd.DataFrame({"path": ["a/1.png", "a/2.png"], "species": ["cat", "dog"]})
    >>> headstart.import_frame(frame, out="pets", class_column="species", resolution=64)  # doctest: +SKIP
    """
    head = Table(Entry(Folder((), Path()), "frame"), [str(name) for name in frame.columns], [], WHERE)
    place = column_of(head, "path_column", options.get("path_column"), PATH)
    if place is None or not len(frame):
        raise DataError(f"{WHERE} has no column of images ({', '.join(PATH)}) or no rows: name one with `path_column`")
    images = frame.iloc[:, place]
    if not isinstance(images.iloc[0], str | os.PathLike):
        others = {key: options.pop(key, None) for key in ["path_column", *(key for key, _ in COLUMNS.values())]}
        columns = {name: column_of(head, key, others[key], words) for name, (key, words) in COLUMNS.items()}
        found = {name: list(frame.iloc[:, column]) for name, column in columns.items() if column is not None}
        return import_arrays(list(images), out=out, progress=progress, tell=tell, **found, **options)
    checked = validate(TableOptions, options, "import_frame")
    base = _base(images, root)
    table = Table(Entry(Folder((), base), "frame"), head.header, _text(frame, place, base), WHERE)
    account, folder = Account(), Path(out).expanduser()
    reader = open_named(Path(folder.name), base, [table], files_of(base, account.skip), checked, account)
    refuse_untaught(reader, WHERE)
    return import_reader(reader, folder, progress=progress, tell=tell)


def _base(paths: "pd.Series[Any]", root: Path | str | None) -> Path:
    if root is not None:
        return Path(root).expanduser().resolve()
    if all(Path(path).is_absolute() for path in paths):
        return Path(os.path.commonpath([Path(path).parent for path in paths]))
    return Path.cwd()


def _text(frame: "pd.DataFrame", place: int, base: Path) -> list[tuple[int, Sequence[str]]]:
    """Cells as a file has them, files relative to ``base`` and nothing where there is no value; rows by number."""
    filled = frame.astype(object).where(frame.notna(), "")
    rows: list[tuple[int, Sequence[str]]] = []
    for number, row in enumerate(filled.itertuples(index=False, name=None)):
        cells = [as_text(str(cell)) for cell in row]
        inner = Path(cells[place])
        cells[place] = inner.relative_to(base).as_posix() if inner.is_relative_to(base) else cells[place]
        rows.append((number, cells))
    return rows
