"""Images that headstart renders itself."""

from pathlib import Path
from typing import Any

from headstart.data.sources.base import Progress, Source, SourceInfo
from headstart.render.writer import TARGETS, RenderConfig, render_dataset
from headstart.scenes.buckets import split_counts

__all__ = ["SyntheticSource"]


class SyntheticSource(RenderConfig, Source):
    """Rendered scenes; the keys are those of ``headstart render``."""

    @property
    def name(self) -> str:
        return self.factors

    def about(self) -> SourceInfo:
        return SourceInfo(
            counts=split_counts(self.images),
            classes=self.classes,
            targets=TARGETS,
            resolution=self.resolution,
            channels=3,
        )

    def identity(self) -> dict[str, Any]:
        return self.render_config().identity()

    def materialise(self, folder: Path, *, workers: int | None, progress: Progress | None) -> Path:
        render_dataset(folder, self.render_config(), workers=workers, progress=progress)
        return folder

    def render_config(self) -> RenderConfig:
        """These keys as the renderer's own configuration."""
        return RenderConfig(**self.model_dump())
