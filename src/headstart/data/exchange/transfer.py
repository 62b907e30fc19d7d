"""Out of a dataset folder and into one: whole, or not at all."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.exchange import FORMATS
from headstart.data.exchange.account import Account
from headstart.data.exchange.base import Reader
from headstart.data.exchange.endings import endings_in, picture_endings
from headstart.data.exchange.parts import labelled, unlabelled
from headstart.data.exchange.plain import read_loose
from headstart.data.exchange.provenance import Provenance, read_provenance, write_provenance
from headstart.data.exchange.shards import Written, row_bytes, shard_sizes, write_shards
from headstart.data.exchange.splits import UNLABELLED
from headstart.data.exchange.staging import staged_folder
from headstart.data.exchange.stored import Stored
from headstart.errors import DataError, StoreError
from headstart.files import sync_folder
from headstart.folder import (
    SPLITS,
    UNLABELLED_FOLDER,
    Manifest,
    holds_dataset,
    write_manifest,
)
from headstart.registry import lookup
from headstart.schema import validate

__all__ = [
    "Listener",
    "export_folder",
    "guess_format",
    "import_folder",
    "import_reader",
    "open_reader",
    "open_unlabelled",
    "refuse_untaught",
    "write_dataset",
]

Listener = Callable[[int, int], None]
"""Called with (done, total) images."""
NAMED = 5
"""How many unreadable files an error names; it tells the number of the others."""


def export_folder(folder: Path, to: str, out: Path, progress: Listener | None = None) -> Manifest:
    """Write the dataset in ``folder``, all its targets included, into the new or empty folder ``out`` in format ``to``.

    Returns the dataset's manifest. Raises ``ConfigError`` for an unknown format or a package that is missing,
    ``DataError`` for a dataset that is not whole, ``StoreError`` if ``out`` holds something or cannot be written.
    """
    form = lookup(FORMATS, "format", to)
    stored = Stored(folder.expanduser())
    provenance = Provenance(format=to, dataset=stored.manifest, targets=stored.targets)
    with staged_folder(out.expanduser()) as staged:
        form.write(stored, staged, _counting(progress, stored.manifest.images))
        write_provenance(staged, provenance)
    return stored.manifest


def import_folder(
    path: Path,
    out: Path,
    *,
    form: str | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Listener | None = None,
    strict: bool = False,
    tell: Callable[[Account], None] | None = None,
) -> Manifest:
    """Read images that are kept in another format into a dataset folder at ``out``, and return its manifest.

    form: the format, by default the one that ``path`` looks like. options: keys of the format's own class of options.
    tell: called at the end with what became of every file; those left out are in ``skipped.csv`` too. strict: none may
    be left out. Raises ``DataError`` for images that are missing or damaged, ``StoreError`` if ``out`` cannot be used.
    """
    reader = open_reader(path, form or guess_format(path), options or {})
    if strict:
        reader.account.refuse_skips(path)
    return import_reader(reader, out, progress=progress, tell=tell)


def import_reader(
    reader: Reader, out: Path, *, progress: Listener | None = None, tell: Callable[[Account], None] | None = None
) -> Manifest:
    """Write all that ``reader`` reads into a dataset folder at ``out``, as ``import_folder`` does.

    Images without labels become a dataset folder of their own in it, ``unlabelled``.
    """
    with staged_folder(out.expanduser()) as staged:
        manifest = write_dataset(labelled(reader), staged, progress)
        if not manifest.normalisation:
            from headstart.data.batches.stored import record_normalisation

            record_normalisation(staged)
        if (reader.splits == UNLABELLED).any():
            (staged / UNLABELLED_FOLDER).mkdir()
            write_dataset(unlabelled(reader), staged / UNLABELLED_FOLDER)
    if tell is not None:
        tell(reader.account)
    return manifest


def open_reader(path: Path, form: str, options: Mapping[str, Any]) -> Reader:
    """A reader of ``path`` in a format. Raises ``DataError`` if nothing is there, or a dataset folder already."""
    path = path.expanduser()
    kind = lookup(FORMATS, "format", form)
    checked = validate(kind.options, options, f"import ({form})")
    _refuse_unsuitable(path)
    reader: Reader = kind.read(path, checked)
    refuse_untaught(reader, str(path))
    return reader


def open_unlabelled(path: Path, resolution: int | None, fit: str) -> Reader:
    """A reader of every image at ``path`` as one without labels, whatever else is told of it.

    Raises ``DataError`` if there is none, or if they are of several kinds.
    """
    path = path.expanduser()
    form = guess_format(path)
    options = {"resolution": resolution, "fit": fit}
    kind = FORMATS[form].options
    checked = validate(kind, {key: value for key, value in options.items() if key in kind.model_fields}, "unlabelled")
    reader = read_loose(path, checked) if form in ("folder", "table") else FORMATS[form].read(path, checked)
    return unlabelled(reader, np.arange(len(reader)))


def refuse_untaught(reader: Reader, where: str) -> None:
    """Raises ``DataError`` if there is nothing to learn from."""
    if not (reader.splits == 0).any():
        raise DataError(f"{where} has no training images: add some, in a split named train")


def guess_format(path: Path, remedy: str | None = None) -> str:
    """The format that the files at ``path`` are in. Raises ``DataError`` if that is not plain, with a ``remedy``."""
    path = path.expanduser()
    _refuse_unsuitable(path)
    provenance = read_provenance(path)
    if provenance:
        return provenance.format
    formats = [name for name, form in FORMATS.items() if form.recognises(path)]
    if len(formats) == 1:
        return formats[0]
    if not formats and path.is_file() and path.suffix.lower() in picture_endings():
        raise DataError(f"{path} is one picture: name the folder that it is in")
    looks = f"could be {' or '.join(formats)}" if formats else f"looks like no format known ({endings_in(path)})"
    known = ", ".join(sorted(FORMATS))
    raise DataError(f"{path} {looks}: {remedy or f'name its format with --from, one of {known}'}")


def write_dataset(reader: Reader, folder: Path, progress: Listener | None = None) -> Manifest:
    """Write all that ``reader`` reads as a dataset folder; the manifest comes last, so that none looks finished early.

    Shards are as large as they were where the images come from such a folder, and come out byte for byte the same if
    nobody changed the images since. Raises ``DataError``, naming the files, if some are unreadable, ``StoreError`` if
    the disk has no room for them.
    """
    _refuse_full_disk(reader, folder)
    done = []
    for written in write_shards(reader, folder, shard_sizes(reader)):
        done.append(written)
        if progress is not None:
            progress(written.stop, len(reader))
    _refuse_unreadable(reader, done)
    _refuse_faults(reader, done)
    sync_folder(folder)
    reader.account.write(folder)
    shards = tuple(written.info for written in done if written.info is not None)
    manifest = _manifest(reader).model_copy(update={"shards": shards})
    if manifest.shards != reader.manifest.shards:
        manifest = manifest.model_copy(update={"normalisation": {}, "ingredients": _marked(reader.manifest)})
    write_manifest(folder, manifest)
    return manifest


def _refuse_full_disk(reader: Reader, folder: Path) -> None:
    """Before anything is written."""
    needed = len(reader) * row_bytes(reader)
    place = next(parent for parent in (folder, *folder.resolve().parents) if parent.exists())
    free = shutil.disk_usage(place).free
    if needed > free:
        raise StoreError(
            f"{len(reader):,} images of {reader.manifest.resolution} pixels a side take {_gigabytes(needed)}, and the "
            f"disk of {place} has {_gigabytes(free)} left: free some, name another place, or lower the resolution"
        )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"


def _manifest(reader: Reader) -> Manifest:
    counts = {split: int((reader.splits == number).sum()) for number, split in enumerate(SPLITS)}
    return reader.manifest.model_copy(update={"counts": counts})


def _marked(manifest: Manifest) -> dict[str, Any]:
    """Images that were changed after their export are no longer those that ``made_by`` would make."""
    return manifest.ingredients | ({"changed": "since its export"} if manifest.shards else {})


def _refuse_unreadable(reader: Reader, done: Sequence[Written]) -> None:
    bad = [str(one) for one in sorted(one for written in done for one in written.unreadable)]
    if bad:
        more = f" and {len(bad) - NAMED} more" if len(bad) > NAMED else ""
        raise DataError(
            f"{len(bad)} files of '{reader.manifest.name}' cannot be read as they should be: "
            f"{', '.join(bad[:NAMED])}{more}; mend or remove them"
        )


def _refuse_faults(reader: Reader, done: Sequence[Written]) -> None:
    for before, written in pairwise((Written(0), *done)):
        if written.fault:
            rows = f"images {before.stop} to {written.stop - 1}"
            raise DataError(f"{rows} of '{reader.manifest.name}': {written.fault}: mend it, and read it again")


def _counting(listener: Listener | None, total: int) -> Callable[[int], None]:
    return lambda done: listener(done, total) if listener else None


def _refuse_unsuitable(path: Path) -> None:
    if not path.exists():
        raise DataError(f"{path} does not exist: name a folder or file that does")
    if holds_dataset(path):
        raise DataError(f"{path} is a dataset folder already: use it as it is (`source: folder` in a study)")
