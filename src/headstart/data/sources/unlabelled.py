"""Pictures of which nothing is asked but how they look: what ``unlabelled:`` beside a source names."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from headstart.data.exchange.account import Account
from headstart.data.exchange.base import Reader
from headstart.data.exchange.fingerprints import fingerprint_of
from headstart.data.exchange.parts import unlabelled
from headstart.data.exchange.pictures import PictureOptions
from headstart.data.exchange.transfer import open_unlabelled, write_dataset
from headstart.data.sources.base import Progress, Source, SourceInfo
from headstart.data.sources.folder import FolderSource
from headstart.folder import SPLITS, holds_dataset, read_manifest

if TYPE_CHECKING:
    from headstart.data.sources.exchanged import ExchangedSource

__all__ = ["UnlabelledPart", "UnlabelledPictures"]


class UnlabelledPictures(PictureOptions, Source):
    """All pictures at ``path``, whatever folders, tables or splits say of them.

    A folder or zip archive of pictures, or anything that a source reads, a dataset folder too.
    """

    path: Path

    @property
    def name(self) -> str:
        return self.path.resolve().name

    def info(self) -> SourceInfo:
        return self.known

    @cached_property
    def known(self) -> SourceInfo:
        reader, path = self.reader(), self.path.expanduser()
        manifest = read_manifest(path) if reader is None else reader.manifest
        count = manifest.images if reader is None else len(reader)
        account = Account() if reader is None else reader.account
        return SourceInfo(
            {SPLITS[0]: count},
            (),
            (),
            manifest.resolution,
            manifest.channels,
            left_out=account.left_out,
            notes=tuple(account.notes),
            dtype=manifest.dtype,
        )

    def reader(self) -> Reader | None:
        """Of all its images; ``None`` of a dataset folder, which is taken as it is."""
        path = self.path.expanduser()
        return None if holds_dataset(path) else open_unlabelled(path, self.resolution, self.fit)

    def identity(self) -> dict[str, Any]:
        path = self.path.expanduser()
        if holds_dataset(path):  # taken as it is, whatever else lies in the folder
            return FolderSource(path=path).identity()
        return {"content": fingerprint_of(path), "resolution": self.resolution, "fit": self.fit}

    def materialise(self, folder: Path, *, workers: int | None, progress: Progress | None) -> Path:  # noqa: ARG002
        if holds_dataset(self.path.expanduser()):
            return self.path.expanduser()
        return _written(self.reader(), folder, progress)


class UnlabelledPart(Source):
    """The pictures of a source that its files themselves keep apart from train, val and test."""

    of: Any = Field(exclude=True)

    @property
    def outer(self) -> "ExchangedSource":
        """The source."""
        source: ExchangedSource = self.of
        return source

    @property
    def name(self) -> str:
        return self.outer.name

    def info(self) -> SourceInfo:
        info = self.outer.info()
        return SourceInfo({SPLITS[0]: info.unlabelled}, (), (), info.resolution, info.channels, dtype=info.dtype)

    def reader(self) -> Reader:
        """Of these images."""
        return unlabelled(self.outer.reader())

    def identity(self) -> dict[str, Any]:
        return {"part": "unlabelled", **self.outer.identity()}

    def materialise(self, folder: Path, *, workers: int | None, progress: Progress | None) -> Path:  # noqa: ARG002
        return _written(self.reader(), folder, progress)


def _written(reader: Reader | None, folder: Path, progress: Progress | None) -> Path:
    """The dataset folder ``folder``; one that is there is whole, for its manifest is written last."""
    if reader is not None and not holds_dataset(folder):
        write_dataset(reader, folder, progress)
    return folder
