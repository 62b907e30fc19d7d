"""Images in other people's formats as sources: read by the code that imports them."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

from headstart.data.exchange.array_files import files_at
from headstart.data.exchange.array_set import ArrayOptions
from headstart.data.exchange.base import Reader, ReadOptions
from headstart.data.exchange.fingerprints import fingerprint_of
from headstart.data.exchange.hdf5 import Hdf5Options
from headstart.data.exchange.parts import labelled
from headstart.data.exchange.plain import PlainOptions
from headstart.data.exchange.splits import UNLABELLED
from headstart.data.exchange.table import TableOptions
from headstart.data.exchange.tables import is_table
from headstart.data.exchange.transfer import open_reader, write_dataset
from headstart.data.sources.base import FoundSource, Progress, Source, SourceInfo
from headstart.data.sources.kept import Stamp, kept, stamp_of
from headstart.data.sources.unlabelled import UnlabelledPart
from headstart.folder import SPLITS, holds_dataset, read_manifest
from headstart.scenes.disk.digests import fingerprint

__all__ = [
    "ArraysSource",
    "ExchangedSource",
    "Hdf5Source",
    "HuggingFaceSource",
    "ImagesSource",
    "TableSource",
    "WebDatasetSource",
    "places_at",
]


class ExchangedSource(ReadOptions, FoundSource):
    """``path``: where the files are. The other keys tell how to read what headstart did not write."""

    path: Path

    FORMAT: ClassVar[str]

    @property
    def options(self) -> dict[str, Any]:
        """Its keys as options of the format."""
        return self.model_dump(exclude={"path", "duplicates", "unlabelled"})

    def reader(self) -> Reader:
        """Of all its images."""
        return open_reader(self.path, self.FORMAT, self.options)

    @property
    def name(self) -> str:
        return self.known[0]

    def info(self) -> SourceInfo:
        return self.known[1]

    @cached_property
    def stamp(self) -> Stamp:
        """Of the files, taken before they are read."""
        return stamp_of(places_at(self.path))

    @cached_property
    def known(self) -> tuple[str, SourceInfo]:
        """Name and contents, from headers and labels; a reader would hold on to files, so none is kept."""
        return self._kept_as_known(lambda: _told_by(self.reader()))

    def knowing(self, reader: Reader) -> Self:
        """This source, which ``reader`` has opened already."""
        return self.told(self.stamp, self._kept_as_known(lambda: _told_by(reader)))

    def told(self, stamp: Stamp, known: tuple[str, SourceInfo]) -> Self:
        """This source, of whose files a ``stamp`` was taken, and what was ``known`` of them then."""
        self.__dict__.update(stamp=stamp, known=known)
        return self

    def _kept_as_known(self, tell: Callable[[], tuple[str, SourceInfo]]) -> tuple[str, SourceInfo]:
        options = self.model_dump(mode="json", exclude={"duplicates", "unlabelled"})
        asked = {"what": "contents", "format": self.FORMAT, "options": options}
        return kept(self.stamp, asked, tuple[str, SourceInfo], tell)

    def at(self, resolution: int) -> Self:
        """The same files at another resolution; what is known of them is not found out again."""
        name, info = self.known
        other = self.model_copy(update={"resolution": resolution})
        other.__dict__["known"] = name, replace(info, resolution=resolution)
        other.__dict__["stamp"], other.__dict__["fingerprint"] = self.stamp, self.fingerprint
        return other

    @cached_property
    def fingerprint(self) -> str:
        """Of the contents of files, their names below ``path``, and its own where that tells something."""
        contents = kept(self.stamp, {"what": "fingerprint"}, str, self._fingerprint)
        name = self._telling_name()
        return fingerprint({"name": name, "contents": contents}) if name else contents

    def _telling_name(self) -> str:
        """What ``path`` is called, if other images, labels or splits would come of another name."""
        return ""

    def _fingerprint(self) -> str:
        return fingerprint_of(places_at(self.path)[0])

    def identity(self) -> dict[str, Any]:
        """The files' contents, not their path, and how they are read; every byte is hashed, until a file changes.

        Of options, those that say something, so that a new one changes no key. order: as ``order_of`` stores them.
        """
        options = self.model_dump(mode="json", exclude={"path", "duplicates", "unlabelled"}, exclude_none=True)
        return {"content": self.fingerprint, "options": options, "order": "content"}

    def materialise(self, folder: Path, *, workers: int | None, progress: Progress | None) -> Path:  # noqa: ARG002
        """Read all images into a dataset folder; one that is there is whole, for its manifest is written last."""
        if holds_dataset(folder):
            read_manifest(folder)
        else:
            write_dataset(labelled(self.reader()), folder, progress)
        return folder

    def pool(self) -> tuple[Source, ...]:
        return (*super().pool(), *([UnlabelledPart(of=self)] if self.info().unlabelled else []))


def places_at(path: Path) -> tuple[Path, ...]:
    """All that is read where ``path`` is named: with a table the folder that it is in, for there are the pictures, and
    with a ``.npy`` file those beside it, which may be its labels."""
    path = path.expanduser()
    if is_table(path):
        return (path.parent,)
    return tuple(files_at(path)) if _is_npy(path) else (path,)


def _is_npy(path: Path) -> bool:
    return path.suffix.lower() == ".npy" and path.is_file()


def _told_by(reader: Reader) -> tuple[str, SourceInfo]:
    manifest, account = reader.manifest, reader.account
    counts = {split: int((reader.splits == number).sum()) for number, split in enumerate(SPLITS)}
    info = SourceInfo(
        counts,
        manifest.classes,
        reader.targets,
        manifest.resolution,
        manifest.channels,
        guesses=tuple(map(str, account.guesses)),
        left_out=account.left_out,
        notes=tuple(account.notes),
        unlabelled=int((reader.splits == UNLABELLED).sum()),
        dtype=manifest.dtype,
    )
    return manifest.name, info


class ArraysSource(ArrayOptions, ExchangedSource):
    """Images and labels in NumPy's .npy or .npz files."""

    FORMAT = "arrays"

    def _fingerprint(self) -> str:
        places = places_at(self.path)
        if not _is_npy(places[0]):
            return super()._fingerprint()
        return fingerprint({place.stem if number else "": fingerprint_of(place) for number, place in enumerate(places)})


class ImagesSource(PlainOptions, ExchangedSource):
    """Pictures in a folder or zip archive, by class or as exported.

    Folders name splits and in them classes, or classes alone, or nothing.
    """

    FORMAT = "folder"


class TableSource(TableOptions, ExchangedSource):
    """Pictures with a CSV or Parquet table of their classes and splits."""

    FORMAT = "table"

    def _telling_name(self) -> str:
        """Which of the tables there it is."""
        return self.path.name if is_table(self.path.expanduser()) else ""


class HuggingFaceSource(ExchangedSource):
    """A Hugging Face dataset on disk, as ``save_to_disk`` leaves it."""

    FORMAT = "huggingface"


class WebDatasetSource(ExchangedSource):
    """WebDataset shards: tar files of pictures with their annotations."""

    FORMAT = "webdataset"

    def _telling_name(self) -> str:
        """A shard's name tells its split, and is part of the keys that splits are drawn by."""
        return self.path.name if self.path.expanduser().is_file() else ""


class Hdf5Source(Hdf5Options, ExchangedSource):
    """HDF5 files in the original study's layout."""

    FORMAT = "hdf5"
