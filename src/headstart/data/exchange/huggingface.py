"""A Hugging Face dataset on disk: what ``datasets.load_from_disk`` reads. Nothing here reaches for the network.

Splits ``train``, ``validation`` and ``test``; columns ``index`` (the row in the dataset folder), ``image`` (PNG),
``class`` (ClassLabel), ``pose``, ``rotation`` (Array2D), ``semantic``, ``instance`` and ``depth`` (Array2D).
Read from elsewhere: the first column of pictures, the first of class labels, and columns of the names above.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.account import Account
from headstart.data.exchange.base import Format, Reader, ReadOptions, needs, new_manifest
from headstart.data.exchange.doubts import class_doubts
from headstart.data.exchange.kinds import UNREADABLE
from headstart.data.exchange.parallel import in_parallel
from headstart.data.exchange.parts import unlabelled_guess
from headstart.data.exchange.pictures import decode, encode_png, fits_png, fitted, stacked
from headstart.data.exchange.provenance import read_provenance
from headstart.data.exchange.splits import SPLIT_WORDS, UNKNOWN, UNLABELLED, complete_splits, drawn_splits, told_splits
from headstart.data.exchange.stored import TARGETS, Arrays, Stored, as_target
from headstart.data.exchange.survey import read_headers, shorter_sides, survey
from headstart.errors import DataError
from headstart.folder import PIXEL_TARGETS, SPLITS

__all__ = ["HUGGINGFACE"]

NAMES = dict(zip(SPLITS, ("train", "validation", "test"), strict=True))
BATCH = 100
"""Rows written at once; it bounds memory."""
MARKS = ("dataset_dict.json", "state.json")


def write_huggingface(stored: Stored, out: Path, report: Callable[[int], None]) -> None:
    """Write ``stored`` into the empty folder ``out``: first as one Arrow file per split, then as the library does,
    which cannot read an empty one back."""
    if not fits_png(stored.kind):
        raise DataError(f"PNG cannot hold {stored.kind}: export to folder or webdataset, which keep arrays then")
    hub = needs("datasets", "hub")
    writing = needs("datasets.arrow_writer", "hub")
    drafts = out / "drafts"
    drafts.mkdir()
    features = _features(stored, hub)
    with ExitStack() as open_files:
        writers = [writing.ArrowWriter(features=features, path=str(drafts / f"{split}.arrow")) for split in SPLITS]
        for writer in writers:
            open_files.callback(writer.finalize)
        for start, arrays in stored.batches(BATCH):
            for number, writer in enumerate(writers):
                rows = np.flatnonzero(arrays["split"] == number)
                if len(rows):
                    writer.write_batch(_columns(arrays, rows, start, stored.targets))
            report(start + len(arrays["split"]))
    filled = [split for split in SPLITS if stored.manifest.counts.get(split)]
    splits = {NAMES[split]: hub.Dataset.from_file(str(drafts / f"{split}.arrow")) for split in filled}
    with _quiet(hub):
        hub.DatasetDict(splits).save_to_disk(str(out))
    rmtree(drafts)


def _features(stored: Stored, hub: Any) -> Any:
    side = stored.manifest.resolution
    kinds = {
        "class": hub.ClassLabel(names=list(stored.manifest.classes)),
        "group": hub.Value("int64"),
        "pose": hub.Value("int64"),
        "rotation": hub.Array2D((3, 3), "float32"),
        **{name: hub.Array2D((side, side), np.dtype(TARGETS[name]).name) for name in PIXEL_TARGETS},
    }
    return hub.Features(
        {"index": hub.Value("int64"), "image": hub.Image(), **{name: kinds[name] for name in stored.targets}}
    )


def _columns(arrays: Arrays, rows: NDArray[np.int64], start: int, targets: Sequence[str]) -> dict[str, Any]:
    pictures = [{"bytes": encode_png(arrays["images"][row]), "path": None} for row in rows]
    return {"index": rows + start, "image": pictures, **{name: arrays[f"target.{name}"][rows] for name in targets}}


@contextmanager
def _quiet(hub: Any) -> Iterator[None]:
    """Without the library's own progress bars, which are switched for the whole process."""
    silent = hub.are_progress_bars_disabled()
    hub.disable_progress_bars()
    try:
        yield
    finally:
        if not silent:
            hub.enable_progress_bars()


@dataclass
class HuggingFaceReader(Reader):
    """Rows of a saved dataset. rows: all splits after each other. order: the index there of each row of ours.
    image: the column of pictures. columns: that of each target. exact: written by us, pictures are taken as they are.
    """

    rows: Any
    order: NDArray[np.int64]
    image: str
    columns: Mapping[str, str]
    exact: bool

    def sides(self, rows: Sequence[int]) -> list[int]:
        if self.exact:
            return []
        own = self.rows[self.order[list(rows)].tolist()][self.image]
        named = ((f"image {row}", _embedded(picture)) for row, picture in zip(rows, own, strict=True))
        return shorter_sides(read_headers(named))

    def read(self, start: int, stop: int) -> Arrays:
        batch = self.rows.with_format("numpy")[self.order[start:stop].tolist()]
        pictures = zip(range(start, stop), batch[self.image], strict=True)
        arrays: Arrays = {"images": stacked(in_parallel(self._picture, pictures))}
        asked = {} if (self.splits[start:stop] == UNLABELLED).any() else self.columns
        for name, column in asked.items():  # the library's formatter widens small types
            arrays[f"target.{name}"] = as_target(name, np.asarray(batch[column]))
        return arrays

    def _picture(self, numbered: tuple[int, Mapping[str, Any]]) -> NDArray[Any]:
        row, picture = numbered
        try:
            data, manifest = _embedded(picture), self.manifest
            if self.exact:
                return decode(data, self.shape, manifest.dtype)
            return fitted(data, manifest.resolution, self.kind)
        except UNREADABLE as error:
            self.bad(row, self.name_of(row), error)
            return self.blank()


def _embedded(picture: Mapping[str, Any] | None) -> bytes:
    """The bytes of a picture. Raises ``DataError`` where the row only names a file or an address somewhere else."""
    if picture is None or picture["bytes"] is None:
        raise DataError(
            f"a row names the picture {(picture or {}).get('path')!r} in place of holding it: embed the pictures "
            "before saving"
        )
    return bytes(picture["bytes"])


def read_huggingface(path: Path, options: ReadOptions) -> Reader:
    """A reader of a saved ``Dataset`` or ``DatasetDict``. Raises ``DataError`` if it is none, or holds no pictures."""
    hub = needs("datasets", "hub")
    rows, given = _load(path, hub)
    image = _first(rows.features, hub.Image, path, "pictures")
    assert image is not None, "pictures are required"
    rows = rows.cast_column(image, hub.Image(decode=False))
    provenance = read_provenance(path)
    if provenance:
        order = np.argsort(np.asarray(rows["index"]), kind="stable")
        columns = {name: name for name in provenance.targets}
        return HuggingFaceReader(
            provenance.dataset, given[order].astype(np.uint8), provenance.targets, rows, order, image, columns, True
        )
    return _foreign(path, rows, given, image, options, hub)


def _foreign(
    path: Path, rows: Any, given: NDArray[np.int64], image: str, options: ReadOptions, hub: Any
) -> HuggingFaceReader:
    label = _first(rows.features, hub.ClassLabel)
    columns = {name: name for name in TARGETS if name in rows.column_names and name not in ("class", "group")}
    if label:
        columns["class"] = label
    splits = complete_splits(given.tolist(), [str(row) for row in range(len(rows))], options.seed)
    account = Account(used=len(rows))
    account.guesses += [*told_splits(given.tolist(), "those that the dataset has"), *drawn_splits(given.tolist())]
    account.guesses += unlabelled_guess(int((given == UNLABELLED).sum()), "that is their split")
    if label:
        account.guess("class", label, "the first column of class labels")
        numbers = np.array([-1 if number is None else number for number in rows[label]], dtype=np.int64)
        account.notes += [f"{path}: {doubt}" for doubt in class_doubts(rows.features[label].names, numbers, splits)]
    side, kind = survey(read_headers(_pictures(rows, image)), options.resolution, account)
    made_by = {"imported": "huggingface", "resolution": side, "seed": options.seed}
    classes = rows.features[label].names if label else []
    manifest = new_manifest(path.resolve().name, made_by, kind, classes, splits)
    reader = HuggingFaceReader(manifest, splits, tuple(columns), rows, np.arange(len(rows)), image, columns, False)
    reader.account = account
    return reader


def _pictures(rows: Any, image: str) -> Iterator[tuple[str, bytes]]:
    """Name and content of every picture."""
    for start in range(0, len(rows), BATCH):
        for row, picture in enumerate(rows[start : start + BATCH][image], start):
            yield f"image {row}", _embedded(picture)


def _load(path: Path, hub: Any) -> tuple[Any, NDArray[np.int64]]:
    """Every row there is, split after split, and the split of each."""
    try:
        with _quiet(hub):
            loaded = hub.load_from_disk(str(path.resolve()))
        parts = dict(loaded) if isinstance(loaded, hub.DatasetDict) else {"": loaded}
        numbers = [_split_number(name, path) for name in parts]
        rows = hub.concatenate_datasets(list(parts.values()))
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise DataError(f"{path} is no whole saved dataset ({error}): save it again by `save_to_disk`") from error
    if not len(rows):
        raise DataError(f"{path} holds no rows: save a dataset that does")
    return rows, np.repeat(numbers, [len(part) for part in parts.values()])


def _split_number(name: str, path: Path) -> int:
    if name and name.lower() not in SPLIT_WORDS:
        raise DataError(f"{path} has a split '{name}', and splits are train, val and test: rename or drop it")
    return SPLIT_WORDS[name.lower()] if name else UNKNOWN


def _first(features: Any, kind: type, path: Path | None = None, what: str = "") -> str | None:
    """The first column of a kind. Raises ``DataError`` if there is none and ``path`` says that there must be."""
    column = next((name for name, feature in features.items() if isinstance(feature, kind)), None)
    if column is None and path:
        raise DataError(f"{path} has no column of {what}, only {', '.join(features)}: cast one to datasets.Image")
    return column


def _recognises(path: Path) -> bool:
    return path.is_dir() and any((path / mark).is_file() for mark in MARKS)


HUGGINGFACE = Format(
    "huggingface",
    "A Hugging Face dataset on disk, for ``load_from_disk``.",
    ReadOptions,
    write_huggingface,
    read_huggingface,
    _recognises,
)
