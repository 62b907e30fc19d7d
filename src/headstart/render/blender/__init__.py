"""Blender's Cycles as an engine: another program, for it needs a Python and a NumPy of its own."""

from headstart.render.blender.engine import BlenderConfig, BlenderEngine

__all__ = ["BlenderConfig", "BlenderEngine"]
