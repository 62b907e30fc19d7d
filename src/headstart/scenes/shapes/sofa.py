"""Sofas: a wide upholstered seat with back, arms and cushions; some with a chaise, some without arms."""

import numpy as np

from headstart.scenes.shapes.draws import chance, pick
from headstart.scenes.shapes.mesh import Mesh, merge
from headstart.scenes.shapes.solids import box, cylinder, frustum, panel

__all__ = ["sofa"]


def sofa(rng: np.random.Generator) -> Mesh:
    """A sofa that faces −z."""
    seats = int(rng.integers(2, 5))
    width, depth = seats * rng.uniform(0.48, 0.62), rng.uniform(0.65, 0.9)
    seat, back, foot = rng.uniform(0.3, 0.4), rng.uniform(0.65, 0.95), pick(rng, (0.0, 0.06, 0.12))
    arm = 0.0 if chance(rng, 0.15) else rng.uniform(0.1, 0.22)
    parts = [panel((width, seat * 0.6, depth), (0, foot + seat * 0.3, 0), bevel=0.08)]
    parts += _back(rng, width, depth, back, seat * 0.5, seats)
    parts += _cushions(rng, width, depth, seat, seats)
    parts += _arms(rng, width, depth, seat, back, foot, arm) if arm else []
    parts += _feet(rng, width, depth, foot)
    if chance(rng, 0.3):
        parts += _chaise(rng, width / seats, width, depth, seat, foot)
    made = merge(parts)
    return made.mirrored(0) if chance(rng, 0.5) else made


def _back(rng: np.random.Generator, width: float, depth: float, back: float, low: float, seats: int) -> list[Mesh]:
    thick, lean = rng.uniform(0.14, 0.24), rng.uniform(0.0, 0.2)
    rear = depth / 2 - thick / 2
    tall = back - low
    parts = [panel((width, tall, thick), (0, tall / 2, 0), bevel=0.25).turned(0, lean).moved((0, low, rear))]
    if chance(rng, 0.6):
        wide = width / seats
        for index in range(seats):
            x = (index + 0.5) * wide - width / 2
            pillow = panel((wide * 0.94, tall * 0.75, 0.14), (0, tall * 0.6, -thick / 2 - 0.04), bevel=0.45)
            parts.append(pillow.turned(0, lean + 0.08).moved((x, low, rear)))
    return parts


def _cushions(rng: np.random.Generator, width: float, depth: float, seat: float, seats: int) -> list[Mesh]:
    count = pick(rng, (seats, seats, 1))
    wide, thick = width / count, rng.uniform(0.1, 0.18)
    return [
        panel((wide * 0.98, thick, depth * 0.88), ((index + 0.5) * wide - width / 2, seat, -depth * 0.06), bevel=0.35)
        for index in range(count)
    ]


def _arms(
    rng: np.random.Generator, width: float, depth: float, seat: float, back: float, foot: float, thick: float
) -> list[Mesh]:
    top = seat + rng.uniform(0.16, max(0.2, (back - seat) * 0.8))
    x, tall = width / 2 + thick / 2, top - foot
    kind = pick(rng, ("box", "panel", "roll", "flared"))
    if kind == "roll":
        roll = cylinder(thick * 0.62, depth, sides=16).turned(0, np.pi / 2).moved((0, top - thick * 0.3, -depth / 2))
        arm = [box((thick * 0.8, tall - thick * 0.3, depth * 0.98), (0, foot + tall / 2 - thick * 0.15, 0)), roll]
    elif kind == "flared":
        arm = [frustum((thick * 0.7, depth), (thick * 1.5, depth), tall, (0, foot, 0), shift=(thick * 0.3, 0))]
    else:
        solid = box if kind == "box" else panel
        arm = [solid((thick, tall, depth), (0, foot + tall / 2, 0))]
    right = [part.moved((x, 0, 0)) for part in arm]
    return right + [part.mirrored(0) for part in right]


def _feet(rng: np.random.Generator, width: float, depth: float, foot: float) -> list[Mesh]:
    if not foot:
        return []
    radius, x, z = rng.uniform(0.02, 0.045), width / 2 - 0.06, depth / 2 - 0.08
    return [
        cylinder(radius * 0.7, foot + 0.02, (sx * x, 0, sz * z), top=radius, sides=8)
        for sx in (-1, 1)
        for sz in (-1, 1)
    ]


def _chaise(rng: np.random.Generator, wide: float, width: float, depth: float, seat: float, foot: float) -> list[Mesh]:
    reach, x = rng.uniform(0.4, 0.75), (width - wide) / 2
    z = -depth / 2 - reach / 2
    base = panel((wide, seat * 0.6, reach + 0.1), (x, foot + seat * 0.3, z + 0.05), bevel=0.08)
    return [base, panel((wide * 0.98, 0.14, reach + 0.1), (x, seat, z + 0.03), bevel=0.35)]
