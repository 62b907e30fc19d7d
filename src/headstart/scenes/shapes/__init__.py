"""Procedural shapes. ``CATEGORIES`` holds one builder per category; class numbers follow its order."""

from collections.abc import Callable

import numpy as np

from headstart.scenes.scene import Shape
from headstart.scenes.shapes.airplane import airplane
from headstart.scenes.shapes.bench import bench
from headstart.scenes.shapes.cabinet import cabinet
from headstart.scenes.shapes.car import car
from headstart.scenes.shapes.chair import chair
from headstart.scenes.shapes.lamp import lamp
from headstart.scenes.shapes.mesh import Mesh
from headstart.scenes.shapes.motorcycle import motorcycle
from headstart.scenes.shapes.sofa import sofa
from headstart.scenes.shapes.table import table
from headstart.scenes.shapes.vessel import vessel
from headstart.seeding import numpy_generator

__all__ = ["CATEGORIES", "INSTANCES", "Mesh", "build_mesh"]

CATEGORIES: dict[str, Callable[[np.random.Generator], Mesh]] = {
    "airplane": airplane,
    "bench": bench,
    "cabinet": cabinet,
    "car": car,
    "chair": chair,
    "lamp": lamp,
    "sofa": sofa,
    "table": table,
    "vessel": vessel,
    "motorcycle": motorcycle,
}
INSTANCES = 1200
"""Shapes per category, the same for every dataset; ``instance % 12`` is a shape's bucket."""


def build_mesh(shape: Shape) -> Mesh:
    """The mesh of a shape, which depends on nothing else: float32, centred, largest side 1, y up, front towards −z."""
    rng = numpy_generator("shape", shape.category, shape.instance)
    return CATEGORIES[shape.category](rng).normalised()
