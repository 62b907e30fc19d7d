"""What a renderer is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from headstart.scenes.assets import Assets
from headstart.scenes.scene import Scene
from headstart.schema import Schema

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ENGINE_TARGETS", "Engine", "EngineTraits", "Frames"]

ENGINE_TARGETS = ("instance", "depth")
"""What an engine can tell of every pixel."""


@dataclass(frozen=True)
class Frames:
    """images: uint8 ``[N, 3, H, W]`` sRGB, on the engine's device. targets: those asked for, likewise.

    A target tells what a ray through the middle of each pixel meets: ``instance`` uint8 ``[N, H, W]``, k for the k-th
    object of the scene, 0 for the background; ``depth`` float16 ``[N, H, W]``, scene units along the optical axis,
    background included, infinite where there is nothing.
    """

    images: "Tensor"
    targets: Mapping[str, "Tensor"] = field(default_factory=dict)


class EngineTraits(Protocol):
    """What is known of an engine before it is built.

    version: raised when the same scene comes out differently. Config: the engine's own options. own_parallelism:
    whether one engine uses the whole machine, so that several processes would only be in each other's way.
    """

    version: ClassVar[int]
    Config: ClassVar[type[Schema]]
    own_parallelism: ClassVar[bool]


class Engine(EngineTraits, Protocol):
    """Draws scenes; it may keep meshes and textures between calls."""

    def __init__(self, assets: Assets, config: Schema) -> None:
        """assets: where the shapes and textures of the scenes come from. config: an instance of ``Config``.

        Raises ``ConfigError`` with what ``missing`` says, if it says anything.
        """
        ...

    @classmethod
    def missing(cls, config: Any) -> str | None:
        """What this machine lacks to use the engine with ``config``, and how to get it; ``None``: nothing."""
        ...

    def render(
        self, scenes: Sequence[Scene], resolution: int, *, samples: int | None = None, targets: Collection[str] = ()
    ) -> Frames:
        """One frame per scene, ``resolution`` pixels square, averaging ``samples`` rays per pixel (default: as the
        engine sees fit). targets: which of ``ENGINE_TARGETS`` to tell as well.

        A frame depends on its scene alone, never on what else is in the batch.
        """
        ...
