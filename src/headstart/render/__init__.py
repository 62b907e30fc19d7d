"""Renderers: scenes in, frames out, and the writer that turns them into a dataset folder.

``ENGINES`` holds one class per name; plugins join as ``headstart.engines``.
"""

from typing import TYPE_CHECKING

from headstart.lazy import lazily
from headstart.registry import Registry
from headstart.render import shipped
from headstart.render.engine import Engine, EngineTraits, Frames

if TYPE_CHECKING:
    from headstart.render.blender import BlenderEngine
    from headstart.render.warp import WarpEngine

__all__ = ["ENGINES", "BlenderEngine", "Engine", "EngineTraits", "Frames", "WarpEngine"]

ENGINES: "Registry[type[Engine], type[EngineTraits]]" = Registry(
    "engines",
    {
        "warp": ("headstart.render.warp:WarpEngine", shipped.WarpTraits),
        "blender": ("headstart.render.blender.engine:BlenderEngine", shipped.BlenderTraits),
    },
)

__getattr__ = lazily(
    __name__, {"BlenderEngine": "headstart.render.blender.engine", "WarpEngine": "headstart.render.warp"}
)
