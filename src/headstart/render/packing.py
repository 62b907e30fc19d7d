"""Scenes as the arrays of structures that the kernel reads."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import warp as wp
from numpy.typing import NDArray

from headstart.render import casting
from headstart.scenes.scene import Scene, SceneObject, Surface
from headstart.scenes.shapes import Mesh

__all__ = ["MeshOnDevice", "linear_rgb", "pack_actors", "pack_views"]

NEAR, WIDER = 1e-3, 1e-5
EVERYWHERE = np.array([-1e9, -1e9, 1e9, 1e9])
CORNERS = np.array(list(product((0, 1), repeat=3)), dtype=bool)


class MeshOnDevice:
    """A mesh and its bounding-volume tree.

    corners: of the box that holds it ``[8, 3]``, to see where it may be met. tints: its vertices' own colors
    ``[V, 3]``, linear RGB, or ``None``. triangles: how many.
    """

    def __init__(self, mesh: Mesh, device: Any) -> None:
        self.corners = np.where(CORNERS, mesh.vertices.max(axis=0), mesh.vertices.min(axis=0))
        self.triangles = len(mesh.triangles)
        self.tints = None if mesh.colors is None else linear_rgb(mesh.colors / np.float32(255))
        corners = wp.array(mesh.triangles.ravel(), dtype=wp.int32, device=device)
        self.tree = wp.Mesh(wp.array(mesh.vertices, dtype=wp.vec3, device=device), corners)


def pack_views(scenes: Sequence[Scene], slots: Mapping[int, int]) -> NDArray[Any]:
    """One ``casting.View`` per scene; slots: where each texture's texels are."""
    counts = np.array([len(scene.objects) for scene in scenes])
    columns = {
        "eye": [scene.camera.position for scene in scenes],
        "turn": [scene.camera.rotation for scene in scenes],
        "slope": [scene.camera.sensor / scene.camera.focal / 2 for scene in scenes],
        "light": [scene.light.position for scene in scenes],
        "energy": [scene.light.energy for scene in scenes],
        "radius": [scene.light.radius for scene in scenes],
        "sun": [scene.sun.direction for scene in scenes],
        "strength": [scene.sun.strength for scene in scenes],
        "backdrop": [scene.background.position for scene in scenes],
        "backdrop_turn": [scene.background.rotation for scene in scenes],
        "backdrop_half": [scene.background.side / 2 for scene in scenes],
        "coat": _pack_coats([scene.background.surface for scene in scenes], slots),
        "first": np.cumsum(counts) - counts,
        "count": counts,
        "seed": [scene.seed for scene in scenes],
    }
    return _pack(casting.View, columns)


def pack_actors(
    scenes: Sequence[Scene], meshes: Sequence[MeshOnDevice], slots: Mapping[int, int]
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """One ``casting.Actor`` per object, scene after scene, each with its mesh; and the tints of their vertices."""
    objects = [thing for scene in scenes for thing in scene.objects]
    turns = np.reshape([thing.rotation for thing in objects], (-1, 3, 3))
    scales, positions = (np.reshape([getattr(one, what) for one in objects], (-1, 3)) for what in ("scale", "position"))
    boxes = np.reshape([mesh.corners for mesh in meshes], (-1, 8, 3)) * scales[:, None]
    own, tints = _pack_tints(objects, meshes)
    columns = {
        "mesh": [mesh.tree.id for mesh in meshes],
        "turn": turns,
        "scale": scales,
        "position": positions,
        "reach": np.linalg.norm(boxes, axis=2).max(axis=1),
        "frame": _frames(scenes, boxes @ turns.transpose(0, 2, 1) + positions[:, None]),
        "coat": _pack_coats([thing.surface for thing in objects], slots),
        "own": own,
    }
    return _pack(casting.Actor, columns), tints


def _pack_tints(
    objects: Sequence[SceneObject], meshes: Sequence[MeshOnDevice]
) -> tuple[list[int], NDArray[np.float32]]:
    """Where each object's colors begin (−1: it shows none of its own), and all of them."""
    starts, shown, end = [], [np.zeros((0, 3), dtype=np.float32)], 0
    for thing, mesh in zip(objects, meshes, strict=True):
        tints = mesh.tints if thing.surface.own else None
        starts.append(-1 if tints is None else end)
        if tints is not None:
            shown.append(tints)
            end += len(tints)
    return starts, np.concatenate(shown).astype(np.float32)


def _frames(scenes: Sequence[Scene], corners: NDArray[np.floating]) -> NDArray[np.floating]:
    """``[K, 4]``: left, low, right and high end of each object's box in the picture at distance 1, a little widened.

    corners: of the boxes of all objects, scene after scene ``[K, 8, 3]``.
    """
    counts = [len(scene.objects) for scene in scenes]
    turns = np.repeat([scene.camera.rotation for scene in scenes], counts, axis=0)
    eyes = np.repeat([scene.camera.position for scene in scenes], counts, axis=0)
    seen = (corners - eyes[:, None]) @ turns
    ahead = seen[..., 2].max(axis=1) <= -NEAR
    projected = seen[..., :2] / np.where(ahead[:, None, None], -seen[..., 2:], 1.0)
    ends = np.concatenate([projected.min(axis=1) - WIDER, projected.max(axis=1) + WIDER], axis=1)
    return np.where(ahead[:, None], ends, EVERYWHERE)


def _pack_coats(surfaces: Sequence[Surface], slots: Mapping[int, int]) -> NDArray[Any]:
    columns = {
        "color": linear_rgb(np.reshape([surface.color for surface in surfaces], (-1, 3))),
        "texture": [-1 if surface.texture is None else slots[surface.texture] for surface in surfaces],
        "tint": [surface.tint for surface in surfaces],
    }
    return _pack(casting.Coat, columns)


def _pack(kind: Any, columns: Mapping[str, Any]) -> NDArray[Any]:
    """An array of a Warp structure from the values of each of its fields."""
    rows = np.zeros(len(next(iter(columns.values()))), dtype=kind.numpy_dtype())
    for name, values in columns.items():
        rows[name] = np.reshape(values, rows[name].shape)
    return rows


def linear_rgb(colors: NDArray[np.floating]) -> NDArray[np.floating]:
    """Linear RGB of sRGB in 0–1 (IEC 61966-2-1)."""
    return np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
