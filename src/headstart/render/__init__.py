"""Renderers: scenes in, frames out, and the writer that turns them into a dataset folder.

``ENGINES`` holds one class per name; plugins join as ``headstart.engines``.
"""

from headstart.registry import with_plugins
from headstart.render.blender import BlenderEngine
from headstart.render.engine import Engine, Frames
from headstart.render.warp import WarpEngine

__all__ = ["ENGINES", "BlenderEngine", "Engine", "Frames", "WarpEngine"]

ENGINES: dict[str, type[Engine]] = with_plugins("engines", {"warp": WarpEngine, "blender": BlenderEngine})
