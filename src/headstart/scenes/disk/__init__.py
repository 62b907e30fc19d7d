"""Shapes and textures from disk: folders of models and of pictures, zip archives read in place."""

from headstart.scenes.disk.shapes import DiskShapes, find_shapes
from headstart.scenes.disk.textures import DiskTextures, find_textures

__all__ = ["DiskShapes", "DiskTextures", "find_shapes", "find_textures"]
