"""What a renderer is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from headstart.scenes.scene import Scene

__all__ = ["Engine", "Frames"]


@dataclass(frozen=True)
class Frames:
    """images: uint8 ``[N, 3, H, W]`` sRGB on the CPU. targets: what was seen per pixel, by name, as long as images."""

    images: Tensor
    targets: Mapping[str, Tensor] = field(default_factory=dict)


class Engine(Protocol):
    """Draws scenes. Built without arguments; it may keep meshes and textures between calls."""

    def render(self, scenes: Sequence[Scene], resolution: int, *, samples: int) -> Frames:
        """One frame per scene, ``resolution`` pixels square, averaging ``samples`` rays per pixel.

        A frame depends on its scene alone, never on what else is in the batch.
        """
        ...
