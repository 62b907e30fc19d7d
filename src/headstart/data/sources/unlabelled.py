"""Pictures of which nothing is asked but how they look: what ``unlabelled:`` beside a source names."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from headstart.data.exchange.base import Reader
from headstart.data.exchange.fingerprints import fingerprint_of
from headstart.data.exchange.pictures import PictureOptions
from headstart.data.exchange.transfer import open_unlabelled, write_dataset
from headstart.data.sources.base import Progress, Source, SourceInfo
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
        path = self.path.expanduser()
        manifest = read_manifest(path) if holds_dataset(path) else None
        if manifest is None:
            reader = self._reader()
            manifest, count = reader.manifest, len(reader)
        else:
            count = manifest.images
        return SourceInfo({SPLITS[0]: count}, (), (), manifest.resolution, manifest.channels, dtype=manifest.dtype)

    def _reader(self) -> Reader:
        return open_unlabelled(self.path, self.resolution, self.fit)

    def identity(self) -> dict[str, Any]:
        path = self.path.expanduser()
        return {"content": fingerprint_of(path), "resolution": self.resolution, "fit": self.fit}

    def materialise(self, folder: Path, *, workers: int | None, progress: Progress | None) -> Path:  # noqa: ARG002
        path = self.path.expanduser()
        if holds_dataset(path):
            return path
        if not holds_dataset(folder):
            write_dataset(self._reader(), folder, progress)
        return folder


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

    def identity(self) -> dict[str, Any]:
        return {"part": "unlabelled", **self.outer.identity()}

    def materialise(self, folder: Path, *, workers: int | None, progress: Progress | None) -> Path:  # noqa: ARG002
        from headstart.data.exchange.parts import unlabelled

        if not holds_dataset(folder):
            write_dataset(unlabelled(self.outer.reader()), folder, progress)
        return folder
