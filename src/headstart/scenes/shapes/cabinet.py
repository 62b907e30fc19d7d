"""Cabinets: carcasses with doors, drawers and shelves, from sideboards to wardrobes."""

import numpy as np

from headstart.scenes.shapes.draws import chance, pick
from headstart.scenes.shapes.mesh import Mesh, merge
from headstart.scenes.shapes.solids import ball, box, cylinder, frustum, rod

__all__ = ["cabinet"]

BOARD, PROUD = 0.03, 0.045
"""How thick boards are, and how far knobs stand out."""


def cabinet(rng: np.random.Generator) -> Mesh:
    """A cabinet whose doors face −z; every column of the front holds drawers, a door or open shelves."""
    width, height = pick(rng, ((1.3, 0.6), (0.9, 0.9), (0.55, 1.3), (0.9, 1.5), (0.5, 0.6), (1.2, 1.2)))
    width, height, depth = width * rng.uniform(0.85, 1.2), height * rng.uniform(0.85, 1.15), rng.uniform(0.35, 0.6)
    columns = max(1, min(4, round(width / rng.uniform(0.35, 0.6))))
    parts = _carcass(width, height, depth, columns)
    wide = (width - BOARD) / columns
    fronts = (_drawers, _door, _shelves, _tiers)
    style, knob = pick(rng, fronts), _knob(rng)
    for column in range(columns):
        front = style if chance(rng, 0.6) else pick(rng, fronts)
        x = (column + 0.5) * wide - (width - BOARD) / 2
        parts += [part.moved((x, 0, 0)) for part in front(rng, wide - BOARD, height - 2 * BOARD, depth, knob)]
    parts += [*_crown(rng, width, height, depth), *_feet(rng, width, height, depth)]
    return merge(parts)


def _carcass(width: float, height: float, depth: float, columns: int) -> list[Mesh]:
    """Boards around and between the columns, centred on the origin."""
    x = np.linspace(-(width - BOARD) / 2, (width - BOARD) / 2, columns + 1)
    uprights = [box((BOARD, height, depth), (offset, 0, 0)) for offset in x]
    flats = [box((width, BOARD, depth), (0, side * (height - BOARD) / 2, 0)) for side in (-1, 1)]
    return [*uprights, *flats, box((width, height, BOARD), (0, 0, (depth - BOARD) / 2))]


def _leaf(rng: np.random.Generator, wide: float, high: float, depth: float, y: float) -> list[Mesh]:
    """A flat or framed front, slightly proud of the carcass."""
    z, gap = -depth / 2 - 0.005, 0.012
    wide, high = wide - gap, high - gap
    parts = [box((wide, high, BOARD), (0, y, z))]
    if min(wide, high) > 0.18 and chance(rng, 0.4):
        rail = 0.045
        parts += [box((rail, high, 0.05), (side * (wide - rail) / 2, y, z)) for side in (-1, 1)]
        parts += [box((wide, rail, 0.05), (0, y + side * (high - rail) / 2, z)) for side in (-1, 1)]
    return parts


def _knob(rng: np.random.Generator) -> Mesh:
    """What the whole cabinet is opened by, at the origin: a ball or a bar along x."""
    if chance(rng, 0.5):
        return ball(rng.uniform(0.02, 0.032), sides=8, rings=6)
    half = rng.uniform(0.05, 0.11)
    return rod((-half, 0, 0), (half, 0, 0), 0.014, sides=6)


def _drawers(rng: np.random.Generator, wide: float, high: float, depth: float, knob: Mesh) -> list[Mesh]:
    count = max(1, round(high / rng.uniform(0.14, 0.32)))
    each, parts = high / count, []
    offsets = (-wide / 4, wide / 4) if wide > 0.45 and chance(rng, 0.6) else (0.0,)
    for drawer in range(count):
        y = (drawer + 0.5) * each - high / 2
        parts += _leaf(rng, wide, each, depth, y)
        parts += [knob.moved((x, y, -depth / 2 - PROUD)) for x in offsets]
    return parts


def _door(rng: np.random.Generator, wide: float, high: float, depth: float, knob: Mesh) -> list[Mesh]:
    side = pick(rng, (-1, 1))
    position = (side * wide * 0.38, high * 0.05, -depth / 2 - PROUD)
    return [*_leaf(rng, wide, high, depth, 0), knob.turned(2, np.pi / 2).moved(position)]


def _shelves(rng: np.random.Generator, wide: float, high: float, depth: float, knob: Mesh) -> list[Mesh]:  # noqa: ARG001
    """Open; it takes a knob because every front does."""
    count = max(1, round(high / rng.uniform(0.22, 0.4)))
    heights = np.linspace(-high / 2, high / 2, count + 1)[1:-1]
    return [box((wide, BOARD * 0.8, depth * 0.96), (0, y, 0)) for y in heights]


def _tiers(rng: np.random.Generator, wide: float, high: float, depth: float, knob: Mesh) -> list[Mesh]:
    """One kind of front above another."""
    split = rng.uniform(0.35, 0.65)
    upper, lower = pick(rng, ((_door, _drawers), (_shelves, _door), (_drawers, _door), (_shelves, _drawers)))
    top = [part.moved((0, high * split / 2, 0)) for part in upper(rng, wide, high * (1 - split), depth, knob)]
    bottom = [part.moved((0, -high * (1 - split) / 2, 0)) for part in lower(rng, wide, high * split, depth, knob)]
    return [*top, *bottom, box((wide, BOARD, depth), (0, high * (split - 0.5), 0))]


def _crown(rng: np.random.Generator, width: float, height: float, depth: float) -> list[Mesh]:
    kind = pick(rng, ("none", "board", "cornice"))
    if kind == "none":
        return []
    over = rng.uniform(0.03, 0.1)
    if kind == "board":
        return [box((width + over, 0.04, depth + over), (0, height / 2 + 0.02, -over / 4))]
    return [frustum((width, depth), (width + over, depth + over), 0.08, (0, height / 2, 0))]


def _feet(rng: np.random.Generator, width: float, height: float, depth: float) -> list[Mesh]:
    kind, low = pick(rng, ("none", "plinth", "legs", "legs")), -height / 2
    if kind == "none":
        return []
    if kind == "plinth":
        return [box((width * 0.94, 0.08, depth * 0.9), (0, low - 0.04, 0.02))]
    tall, x, z = rng.uniform(0.06, 0.25), width / 2 - 0.05, depth / 2 - 0.05
    return [cylinder(0.018, tall, (sx * x, low - tall, sz * z), top=0.03, sides=8) for sx in (-1, 1) for sz in (-1, 1)]
