"""Images without end: scenes of the training buckets that come after those of a dataset, drawn when they are needed."""

from typing import TYPE_CHECKING

from headstart.render.config import RenderConfig
from headstart.scenes.buckets import BUCKETS, TRAINING

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ImageStream"]


class ImageStream:
    """Row r is always the same image, and is in no dataset that ``config`` makes.

    Shapes and textures are those of the training buckets: what validation and test show is never seen.
    """

    def __init__(self, config: RenderConfig) -> None:
        self._first = -(-config.images // BUCKETS) * BUCKETS
        self._sampler, self._engine = config.sampler(), config.build_engine()
        self._resolution, self._samples = config.resolution, config.samples

    def images(self, start: int, stop: int) -> "Tensor":
        """Rows ``start`` to ``stop``: uint8 ``[stop - start, 3, H, W]`` sRGB."""
        scenes = [self._sampler.scene(self._index(row)) for row in range(start, stop)]
        return self._engine.render(scenes, self._resolution, samples=self._samples).images

    def _index(self, row: int) -> int:
        block, bucket = divmod(row, TRAINING)
        return self._first + block * BUCKETS + bucket
