"""The few solids that every shape is built from; all but the box are lofts, a skin drawn over a row of rings."""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.scenes.shapes.mesh import Mesh, cross, unit

__all__ = [
    "ball",
    "body",
    "box",
    "cylinder",
    "extrude",
    "frustum",
    "lathe",
    "loft",
    "panel",
    "point",
    "rod",
    "rounded",
    "slab",
    "torus",
    "tube",
    "wheel",
    "wing",
]

Points = NDArray[np.floating]
CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
FACES = np.array(
    [
        *([0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1]),
        *([2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]),
    ],
    dtype=np.int32,
)
SIDES = 16
AXES = np.eye(3)


def point(x: float, y: float, z: float) -> Points:
    """A position or a direction ``[3]``, to add to others."""
    return np.array([x, y, z], dtype=np.float64)


def box(size: ArrayLike, at: ArrayLike = (0, 0, 0)) -> Mesh:
    """An axis-aligned box of ``size [3]`` centred on ``at``."""
    return Mesh(CORNERS * np.asarray(size) + np.asarray(at), FACES)


def loft(rings: ArrayLike, *, closed: bool = False) -> Mesh:
    """A skin over ``rings [k, n, 3]``, each counter-clockwise about the direction in which the rings follow each other.

    closed: the last ring joins the first, as in a torus; otherwise both ends get flat caps (of convex rings).
    """
    rings = np.asarray(rings, dtype=np.float64)
    count, around, _ = rings.shape
    return Mesh(rings.reshape(-1, 3), _skin(count, around, closed))


@lru_cache(maxsize=256)
def _skin(count: int, around: int, closed: bool) -> NDArray[np.int32]:
    rows = np.arange(count if closed else count - 1)[:, None] * around
    column = np.arange(around)
    a, b = rows + column, rows + np.roll(column, -1)
    c, d = ((corner + around) % (count * around) for corner in (b, a))
    sides = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    if closed:
        return sides.astype(np.int32)
    fan = np.stack([np.zeros(around - 2, dtype=int), column[1:-1], column[2:]], -1)
    return np.concatenate([sides, fan[:, ::-1], fan + (count - 1) * around]).astype(np.int32)


@lru_cache(maxsize=64)
def _circle(sides: int) -> Points:
    """Unit circle ``[sides, 2]``, counter-clockwise."""
    turns = np.arange(sides) * (2 * np.pi / sides)
    return np.stack([np.cos(turns), np.sin(turns)], axis=1)


def lathe(profile: ArrayLike, at: ArrayLike = (0, 0, 0), *, sides: int = SIDES, closed: bool = False) -> Mesh:
    """``profile [k, 2]`` of (radius, height), bottom to top, turned about the y axis; closed: a ring with a hole."""
    radius, height = np.asarray(profile, dtype=np.float64).T
    circle = _circle(sides)
    rings = np.empty((len(radius), sides, 3))
    rings[:, :, 0] = radius[:, None] * circle[:, 0]
    rings[:, :, 1] = height[:, None]
    rings[:, :, 2] = -radius[:, None] * circle[:, 1]
    return loft(rings + np.asarray(at), closed=closed)


def cylinder(
    radius: float, height: float, at: ArrayLike = (0, 0, 0), *, top: float | None = None, sides: int = SIDES
) -> Mesh:
    """An upright cylinder that stands on ``at``; ``top``: the upper radius, of a cone or a taper."""
    return lathe([(radius, 0.0), (radius if top is None else top, height)], at, sides=sides)


def ball(radii: ArrayLike, at: ArrayLike = (0, 0, 0), *, sides: int = SIDES, rings: int = 9) -> Mesh:
    """An ellipsoid with ``radii [3]`` (or one radius) centred on ``at``."""
    angles = np.linspace(-np.pi / 2, np.pi / 2, rings)
    return lathe(np.stack([np.cos(angles), np.sin(angles)], 1), sides=sides).scaled(radii).moved(at)


def torus(radius: float, thickness: float, *, width: float | None = None, sides: int = 20) -> Mesh:
    """A ring about the y axis: ``radius`` to the middle of the tube; ``thickness``, ``width``: its half-axes."""
    tube_ring = _circle(8) * (thickness, thickness if width is None else width) + (radius, 0.0)
    return lathe(tube_ring, sides=sides, closed=True)


def tube(path: ArrayLike, radius: ArrayLike, *, sides: int = 8) -> Mesh:
    """A bent pipe along ``path [k, 3]``; ``radius``: one, or one per point."""
    path = np.asarray(path, dtype=np.float64)
    steps = np.empty_like(path)
    steps[0], steps[1:-1], steps[-1] = path[1] - path[0], path[2:] - path[:-2], path[-1] - path[-2]
    steps = unit(steps)
    first = unit(cross(steps, _least_aligned(steps)))
    second = cross(steps, first)
    circle = _circle(sides)
    offsets = circle[:, 0, None] * first[:, None] + circle[:, 1, None] * second[:, None]
    widths = np.asarray(radius, dtype=np.float64).reshape(-1, 1, 1)
    return loft(path[:, None] + widths * offsets)


def _least_aligned(steps: Points) -> Points:
    """One axis to measure twist against: the one that the whole path is farthest from following."""
    return AXES[np.abs(steps).max(axis=0).argmin(), None]


def rod(start: ArrayLike, end: ArrayLike, radius: ArrayLike, *, sides: int = 8) -> Mesh:
    """A straight round bar: a ``tube`` of two points, made with less ado because there are so many."""
    ends = np.array([start, end], dtype=np.float64)
    x, y, z = (ends[1] - ends[0]).tolist()
    length = math.hypot(x, y, z)
    x, y, z = x / length, y / length, z / length
    first = (-z, 0.0, x) if abs(y) < 0.9 else (0.0, z, -y)
    size = math.hypot(*first)
    first = (first[0] / size, first[1] / size, first[2] / size)
    second = (y * first[2] - z * first[1], z * first[0] - x * first[2], x * first[1] - y * first[0])
    ring = _circle(sides) @ np.array([first, second])
    return loft(ends[:, None] + np.asarray(radius, dtype=np.float64).reshape(-1, 1, 1) * ring)


def extrude(outline: ArrayLike, depth: float) -> Mesh:
    """A plate: ``outline [n, 2]`` in the xy plane, counter-clockwise and convex, ``depth`` thick about z = 0."""
    outline = np.asarray(outline, dtype=np.float64)
    flat = np.concatenate([outline, np.zeros((len(outline), 1))], axis=1)
    return loft(np.stack([flat - point(0, 0, depth / 2), flat + point(0, 0, depth / 2)]))


def frustum(
    bottom: ArrayLike, top: ArrayLike, height: float, at: ArrayLike = (0, 0, 0), *, shift: ArrayLike = (0, 0)
) -> Mesh:
    """A box that stands on ``at`` and tapers from ``bottom`` (width, depth) to ``top``, whose centre is shifted."""
    (wide, deep), (narrow, shallow), (dx, dz) = np.asarray(bottom), np.asarray(top), np.asarray(shift)
    square = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) / 2
    low = np.insert(square * (wide, deep), 1, 0.0, axis=1)
    high = np.insert(square * (narrow, shallow) + (dx, dz), 1, height, axis=1)
    return loft(np.stack([low, high]) + np.asarray(at))


def rounded(width: float, height: float, *, power: float = 4.0, sides: int = SIDES) -> Points:
    """A ring ``[sides, 2]`` between ellipse (power 2) and rectangle (large power): a superellipse."""
    circle = _circle(sides)
    ring: Points = np.sign(circle) * np.abs(circle) ** (2.0 / power) * (width / 2, height / 2)
    return ring


def panel(size: ArrayLike, at: ArrayLike = (0, 0, 0), *, bevel: float = 0.25) -> Mesh:
    """An upholstered box: ``size [3]`` with edges rounded by ``bevel`` of the smallest side."""
    size = np.asarray(size, dtype=np.float64)
    inset = bevel * size.min()
    heights = np.array([-0.5, -0.5, 0.5, 0.5]) * size[1] + np.array([0, 1, -1, 0]) * inset
    shrink = np.array([inset, 0, 0, inset])
    corners = rounded(1.0, 1.0, power=8.0, sides=SIDES)
    rings = np.empty((4, SIDES, 3))
    rings[:, :, 0] = corners[:, 0] * (size[0] - 2 * shrink)[:, None]
    rings[:, :, 1] = heights[:, None]
    rings[:, :, 2] = -corners[:, 1] * (size[2] - 2 * shrink)[:, None]
    return loft(rings + np.asarray(at))


def body(sections: ArrayLike, *, power: float = 2.0, sides: int = SIDES) -> Mesh:
    """A fuselage: ``sections [k, 4]`` of (z, centre's y, width, height), front to back, superelliptic across."""
    z, y, width, height = np.asarray(sections, dtype=np.float64).T
    unit = rounded(1.0, 1.0, power=power, sides=sides)
    rings = np.empty((len(z), sides, 3))
    rings[:, :, 0] = width[:, None] * unit[:, 0]
    rings[:, :, 1] = height[:, None] * unit[:, 1] + y[:, None]
    rings[:, :, 2] = z[:, None]
    return loft(rings)


def slab(outline: ArrayLike, width: float, at: ArrayLike = (0, 0, 0)) -> Mesh:
    """A plate seen from the side: ``outline [n, 2]`` of (z, y), ``width`` wide along x about ``at``."""
    return extrude(outline, width).turned(1, -np.pi / 2).moved(at)


def wheel(radius: float, width: float, at: ArrayLike = (0, 0, 0), *, tyre: float = 0.3, hub: float = 0.5) -> Mesh:
    """A disc wheel that rolls along z: a tyre that takes ``tyre`` of the radius round a hub ``hub`` as wide as it."""
    rim = radius * (1 - tyre)
    profile = [(0, -hub), (rim, -hub), (rim, -1), (radius * 0.94, -1), (radius, -0.6)]
    profile += [(radius, 0.6), (radius * 0.94, 1), (rim, 1), (rim, hub), (0, hub)]
    return lathe(np.array(profile) * (1, width / 2), sides=20).turned(2, np.pi / 2).moved(at)


def wing(span: float, root: float, tip: float, *, sweep: float, rise: float, thick: float) -> Mesh:
    """Half a wing from the origin along +x: chords at ``root`` and ``tip``, the latter ``sweep`` back, ``rise`` up."""
    section = _circle(8)
    rings = np.zeros((2, 8, 3))
    rings[1, :, 0] = span
    for ring, chord, back, up in ((0, root, 0.0, 0.0), (1, tip, sweep, rise)):
        rings[ring, :, 1] = section[:, 0] * thick * chord / 2 + up
        rings[ring, :, 2] = section[:, 1] * chord / 2 + back
    return loft(rings)
