"""Places for several objects: all in the camera's view, often one before another, never one inside another."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from headstart.scenes.scene import Camera, SceneObject, Vector

__all__ = ["boxes_meet", "scatter"]

RETRIES = 60
NEAREST, FARTHEST = 0.85, 1.75
"""Distances along the optical axis, in scene units; the one object of a single scene is 1.08 away."""
MARGIN = 0.7
"""How far from the middle of the picture a centre may be, of half its width."""

Box = tuple[Vector, Vector, Vector]
"""Centre ``[3]``, axes as columns ``[3, 3]``, half sides ``[3]``."""


def scatter(
    rng: np.random.Generator, camera: Camera, count: int, make: Callable[[], SceneObject]
) -> tuple[SceneObject, ...]:
    """Up to ``count`` objects with disjoint bounding boxes; one that finds no room in ``RETRIES`` draws is left out.

    make: draws an object; its position is replaced.
    """
    placed: list[SceneObject] = []
    boxes: list[Box] = []
    for _ in range(count):
        thing = make()
        for _ in range(RETRIES):
            moved = replace(thing, position=_place(rng, camera))
            box = _box(moved)
            if not any(boxes_meet(box, other) for other in boxes):
                placed.append(moved)
                boxes.append(box)
                break
    return tuple(placed)


def boxes_meet(one: Box, other: Box) -> bool:
    """Whether two oriented boxes share a point (separating axes: Gottschalk et al., SIGGRAPH 1996)."""
    (here, ours, half), (there, theirs, other_half) = one, other
    crossed = np.cross(ours.T[:, None], theirs.T[None]).reshape(9, 3)
    axes = np.concatenate([ours.T, theirs.T, crossed])
    gap = np.abs(axes @ (there - here))
    reach = np.abs(axes @ ours) @ half + np.abs(axes @ theirs) @ other_half
    return bool(np.all(gap <= reach))


def _place(rng: np.random.Generator, camera: Camera) -> Vector:
    """Uniform over the picture and over the distance."""
    distance = rng.uniform(NEAREST, FARTHEST)
    edge = MARGIN * camera.sensor / camera.focal / 2
    across, up = rng.uniform(-edge, edge, size=2)
    return camera.position + camera.rotation @ (distance * np.array([across, up, -1.0]))


def _box(thing: SceneObject) -> Box:
    """Shapes are normalised, so a cube of side 1 holds every mesh before it is scaled and turned."""
    return thing.position, thing.rotation, thing.scale / 2
