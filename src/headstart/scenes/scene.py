"""What to draw, renderer-free: lengths in scene units, angles in radians, z up, colors sRGB in 0–1."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Background", "Camera", "Light", "Scene", "SceneObject", "Shape", "Sun", "Surface", "Vector"]

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Camera:
    """A pinhole that looks along its −z axis with +y up; ``rotation [3, 3]`` turns camera axes into the world's."""

    position: Vector
    rotation: Vector
    focal: float = 50.0
    sensor: float = 36.0


@dataclass(frozen=True)
class Light:
    """A glowing disc of ``radius`` that faces what it lights. energy: watts, in all directions together."""

    position: Vector
    energy: float
    radius: float


@dataclass(frozen=True)
class Sun:
    """Parallel fill light without shadows. direction: unit, towards the sun. strength: W/m² on a surface facing it."""

    direction: Vector
    strength: float


@dataclass(frozen=True)
class Surface:
    """color ``[3]``, mixed with a texture (its number): ``tint`` 1 is color alone, 0 texture alone.

    own: the colors of the mesh, where it has any, take the place of both.
    """

    color: Vector
    texture: int | None = None
    tint: float = 1.0
    own: bool = False


@dataclass(frozen=True)
class Shape:
    """One model of a category: a mesh centred on the origin whose largest side is 1 and whose y axis is up."""

    category: str
    instance: int


@dataclass(frozen=True)
class SceneObject:
    """A shape, scaled per axis (``scale [3]``), then turned (``rotation [3, 3]``), then moved (``position [3]``)."""

    shape: Shape
    rotation: Vector
    scale: Vector
    position: Vector
    surface: Surface


@dataclass(frozen=True)
class Background:
    """A square of side ``side`` in the local xy plane, seen from its +z side."""

    position: Vector
    rotation: Vector
    side: float
    surface: Surface


@dataclass(frozen=True)
class Scene:
    """Everything in one picture. seed: what the renderer's sampling noise is drawn from, 31 bits."""

    seed: int
    camera: Camera
    light: Light
    sun: Sun
    background: Background
    objects: tuple[SceneObject, ...]
