"""What ships: the options of each engine, which a configuration is checked against without torch or Warp.

The first line of each docstring of traits is what ``headstart list engines`` shows.
"""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from headstart.render.engine import EngineTraits
from headstart.schema import Schema

__all__ = ["BlenderConfig", "BlenderTraits", "WarpConfig", "WarpTraits"]


class WarpConfig(Schema):
    """device: where to draw; the default is what the machine has."""

    device: Literal["cpu", "cuda"] | None = None


class WarpTraits(EngineTraits):
    """Rays through bounding-volume trees, on CPU or GPU (NVIDIA Warp)."""

    version: ClassVar[int] = 2
    Config: ClassVar[type[Schema]] = WarpConfig
    own_parallelism: ClassVar[bool] = False


class BlenderConfig(Schema):
    """blender: the executable of an installed Blender, in place of what ``headstart engine install blender`` has made.

    device: where Cycles draws. denoise: with Open Image Denoise. threads: by default one per core that may be used.
    bounces: of light between surfaces; 0 is the light that the default engine knows.
    """

    blender: Path | None = None
    device: Literal["cpu", "cuda", "optix", "hip", "oneapi", "metal"] = "cpu"
    denoise: bool = True
    threads: int | None = Field(default=None, ge=1, le=1024)
    bounces: int = Field(default=0, ge=0, le=64)


class BlenderTraits(EngineTraits):
    """Blender's Cycles, the reference to judge by, in a process of its own."""

    version: ClassVar[int] = 1
    Config: ClassVar[type[Schema]] = BlenderConfig
    own_parallelism: ClassVar[bool] = True
