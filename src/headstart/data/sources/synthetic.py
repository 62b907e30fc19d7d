"""Images that headstart renders itself."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.data.sources.base import Progress, Source, SourceInfo
from headstart.render.config import RenderConfig
from headstart.scenes.buckets import split_counts

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SyntheticSource"]


class SyntheticSource(RenderConfig, Source):
    """Rendered scenes, with the keys of ``headstart render``.

    endless: pretraining sees fresh images all the time, rendered ahead of it, instead of the training split's.
    """

    endless: bool = False

    @property
    def name(self) -> str:
        return self.title

    def info(self) -> SourceInfo:
        return SourceInfo(
            counts=split_counts(self.images),
            classes=self.classes,
            targets=self.kept_targets,
            resolution=self.resolution,
            channels=3,
        )

    def identity(self) -> dict[str, Any]:
        return self.render_config().identity()

    def materialise(self, folder: Path, *, workers: int | None, progress: Progress | None) -> Path:
        from headstart.render.writer import render_dataset

        render_dataset(folder, self.render_config(), workers=workers, progress=progress)
        return folder

    def render_config(self) -> RenderConfig:
        """These keys as the renderer's own configuration."""
        return RenderConfig(**self.model_dump(exclude={"endless", "unlabelled"}))

    @property
    def streams(self) -> bool:
        return self.endless

    def stream(self) -> "Callable[[int, int], Tensor] | None":
        from headstart.render.stream import ImageStream

        return ImageStream(self.render_config()).images if self.endless else None
