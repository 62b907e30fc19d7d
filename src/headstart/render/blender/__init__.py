"""Blender's Cycles as an engine: another program, for it needs a Python and a NumPy of its own."""

from typing import TYPE_CHECKING

from headstart.lazy import lazily
from headstart.render.shipped import BlenderConfig

if TYPE_CHECKING:
    from headstart.render.blender.engine import BlenderEngine

__all__ = ["BlenderConfig", "BlenderEngine"]

__getattr__ = lazily(__name__, {"BlenderEngine": "headstart.render.blender.engine"})
