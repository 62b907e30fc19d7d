"""Places for several objects: all in the camera's view, often one before another, never one inside another."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from headstart.scenes.scene import Camera, SceneObject, Vector

__all__ = ["Boxes", "meeting", "scatter"]

TRIES = 200
NEAREST, FARTHEST = 0.85, 1.75
"""Distances along the optical axis, in scene units; the one object of a single scene is 1.08 away."""
MARGIN = 0.7
"""How far from the middle of the picture a centre may be, of half its width."""


@dataclass(frozen=True)
class Boxes:
    """Oriented boxes: centres ``[K, 3]``, axes as columns ``[K, 3, 3]``, half sides ``[K, 3]``."""

    centres: Vector
    axes: Vector
    halves: Vector

    @classmethod
    def of(cls, things: Iterable[SceneObject]) -> "Boxes":
        """Shapes are normalised, so a cube of side 1 holds every mesh before it is scaled and turned."""
        rows = [(thing.position, thing.rotation, thing.scale / 2) for thing in things]
        centres, axes, halves = zip(*rows, strict=True) if rows else ([], [], [])
        return cls(np.reshape(centres, (-1, 3)), np.reshape(axes, (-1, 3, 3)), np.reshape(halves, (-1, 3)))


def scatter(camera: Camera, things: Iterable[tuple[SceneObject, np.random.Generator]]) -> tuple[SceneObject, ...]:
    """Those of ``things`` that find room, with disjoint bounding boxes; one that finds none in ``TRIES`` is left out.

    Each comes with the generator of its own positions, so that what one needs does not move another.
    """
    placed: list[SceneObject] = []
    for thing, rng in things:
        positions = _positions(rng, camera)
        free = ~meeting(thing, positions, Boxes.of(placed))
        if free.any():
            placed.append(replace(thing, position=positions[free.argmax()]))
    return tuple(placed)


def meeting(thing: SceneObject, positions: Vector, others: Boxes) -> NDArray[np.bool_]:
    """Whether the box of ``thing``, at each of ``positions [P, 3]``, would share a point with any other: ``[P]``.

    By separating axes (Gottschalk et al., SIGGRAPH 1996), which don't depend on the position.
    """
    turn, half = thing.rotation, thing.scale / 2
    crossed = _cross(turn.T[None, :, None], np.swapaxes(others.axes, 1, 2)[:, None]).reshape(-1, 9, 3)
    own = np.broadcast_to(turn.T, (len(crossed), 3, 3))
    axes = np.concatenate([own, np.swapaxes(others.axes, 1, 2), crossed], axis=1)
    reach = np.abs(axes @ turn) @ half + (np.abs(axes @ others.axes) @ others.halves[:, :, None])[..., 0]
    gaps = np.abs((axes @ others.centres[:, :, None]) - axes @ positions.T)
    return np.asarray((gaps <= reach[..., None]).all(axis=1).any(axis=0))


def _cross(one: Vector, other: Vector) -> Vector:
    """NumPy's ``cross`` of ``[..., 3]``, whose general form takes longer than the arithmetic."""
    ahead, behind = [1, 2, 0], [2, 0, 1]
    return np.asarray(one[..., ahead] * other[..., behind] - one[..., behind] * other[..., ahead])


def _positions(rng: np.random.Generator, camera: Camera) -> Vector:
    """``[TRIES, 3]``, uniform over the picture and over the distance."""
    distances = rng.uniform(NEAREST, FARTHEST, size=(TRIES, 1))
    edge = MARGIN * camera.sensor / camera.focal / 2
    ways = np.concatenate([rng.uniform(-edge, edge, size=(TRIES, 2)), np.full((TRIES, 1), -1.0)], axis=1)
    return np.asarray(camera.position + (distances * ways) @ camera.rotation.T)
