"""A dataset folder that exists: what ``headstart render`` writes."""

from functools import cached_property
from pathlib import Path
from typing import Any

from headstart.data.exchange.parts import unlabelled_guess
from headstart.data.sources.base import FoundSource, Progress, Source, SourceInfo
from headstart.folder import IMPORTED, UNLABELLED_FOLDER, Manifest, holds_dataset, read_manifest, read_shard

__all__ = ["FolderSource"]


class FolderSource(FoundSource):
    """A dataset folder, as ``render`` or ``data import`` leaves it.

    path: the folder, with ``dataset.json`` in it.
    """

    path: Path

    @cached_property
    def manifest(self) -> Manifest:
        return read_manifest(self.path.expanduser())

    @property
    def name(self) -> str:
        return self.manifest.name

    def info(self) -> SourceInfo:
        manifest = self.manifest
        apart = self._apart.manifest.images if self._apart else 0
        return SourceInfo(
            manifest.counts,
            manifest.classes,
            self._targets(),
            manifest.resolution,
            manifest.channels,
            guesses=tuple(map(str, unlabelled_guess(apart, f"they lie in its folder {UNLABELLED_FOLDER}"))),
            unlabelled=apart,
            dtype=manifest.dtype,
        )

    @property
    def _apart(self) -> "FolderSource | None":
        """Images without labels that an import left beside the others."""
        inner = self.path.expanduser() / UNLABELLED_FOLDER
        return FolderSource(path=inner) if holds_dataset(inner) else None

    def pool(self) -> tuple[Source, ...]:
        return (*super().pool(), *([self._apart] if self._apart else []))

    def identity(self) -> dict[str, Any]:
        """Its contents, not its path: a folder that moves keeps its cached work."""
        manifest = self.manifest
        fields = manifest.model_dump(mode="json", include={"classes", "normalisation", "channels", "dtype"})
        order = {"order": "content"} if manifest.engine == IMPORTED else {}  # as ``order_of`` stores them
        return fields | order | {"shards": [shard.sha256 for shard in manifest.shards]}

    def materialise(self, folder: Path, *, workers: int | None, progress: Progress | None) -> Path:  # noqa: ARG002
        return self.path.expanduser()

    def _targets(self) -> tuple[str, ...]:
        """Names of the annotations, from the first shard."""
        first = self.manifest.shards[0]
        names = read_shard(self.path.expanduser() / first.file, first)
        return tuple(name.removeprefix("target.") for name in names if name.startswith("target."))
