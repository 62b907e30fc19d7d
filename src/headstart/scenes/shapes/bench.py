"""Benches: a long narrow seat of slats, planks or stone, with or without a back and arms."""

import numpy as np

from headstart.scenes.shapes.draws import chance, pick
from headstart.scenes.shapes.mesh import Mesh, merge
from headstart.scenes.shapes.solids import box, frustum, point, rod, tube

__all__ = ["bench"]


def bench(rng: np.random.Generator) -> Mesh:
    """A bench along x that faces −z."""
    width, depth, height = rng.uniform(1.0, 2.0), rng.uniform(0.32, 0.54), rng.uniform(0.36, 0.54)
    thick = rng.uniform(0.03, 0.08)
    parts = _seat(rng, width, depth, height, thick)
    parts += pick(rng, (_slab_ends, _bent_ends, _posts, _trestles, _blocks))(rng, width * 0.9, depth, height)
    if chance(rng, 0.6):
        parts += _back(rng, width, depth, height)
        if chance(rng, 0.6):
            parts += _arms(rng, width * 0.96, depth, height)
    return merge(parts)


def _planks(rng: np.random.Generator, count: int, width: float, depth: float, thick: float) -> list[Mesh]:
    """Boards along x, side by side over ``depth``, with gaps between them."""
    pitch = depth / count
    fill = rng.uniform(0.55, 0.9) if count > 1 else 1.0
    return [box((width, thick, pitch * fill), (0, 0, (index + 0.5) * pitch - depth / 2)) for index in range(count)]


def _seat(rng: np.random.Generator, width: float, depth: float, height: float, thick: float) -> list[Mesh]:
    count = pick(rng, (1, 3, 4, 5, 6))
    return [plank.moved((0, height - thick / 2, 0)) for plank in _planks(rng, count, width, depth, thick)]


def _back(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    tall, lean = rng.uniform(0.32, 0.5), rng.uniform(0.05, 0.3)
    posts = [box((0.05, tall, 0.04), (side * width * 0.45, tall / 2, 0.03)) for side in (-1, 1)]
    if chance(rng, 0.6):
        flat = _planks(rng, int(rng.integers(1, 5)), width, tall * rng.uniform(0.6, 0.8), 0.035)
        boards = [plank.turned(0, -np.pi / 2).moved((0, tall * 0.6, 0)) for plank in flat]
    else:
        count = int(rng.integers(8, 16))
        centres = np.linspace(-0.46, 0.46, count) * width
        boards = [box((0.035, tall, 0.03), (x, tall / 2, 0)) for x in centres]
        boards.append(box((width, 0.07, 0.05), (0, tall, 0)))
    return [part.turned(0, lean).moved((0, height, depth / 2 - 0.03)) for part in (*posts, *boards)]


def _arms(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    lift, thick = rng.uniform(0.18, 0.26), rng.uniform(0.035, 0.06)
    parts = []
    for x in (-width / 2, width / 2):
        parts.append(box((thick * 1.4, thick, depth * 1.05), (x, height + lift, 0)))
        parts.append(box((thick, lift, thick), (x, height + lift / 2, -depth * 0.42)))
    return parts


def _slab_ends(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    thick = rng.uniform(0.05, 0.14)
    return [box((thick, height, depth * 0.9), (side * (width - thick) / 2, height / 2, 0)) for side in (-1, 1)]


def _bent_ends(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    """Cast-iron ends: an arch of two curved legs."""
    turn, radius = np.linspace(0, np.pi, 9), rng.uniform(0.018, 0.03)
    arch = np.stack([np.zeros(9), np.sin(turn) ** 0.6 * height * 0.95, np.cos(turn) * depth * 0.5], axis=1)
    sides = (-1, 0, 1) if chance(rng, 0.4) else (-1, 1)
    return [tube(arch + point(side * width * 0.46, 0, 0), radius) for side in sides]


def _posts(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    radius, x, z, sides = rng.uniform(0.02, 0.045), width / 2 - 0.05, depth / 2 - 0.04, pick(rng, (4, 10))
    legs = [rod((sx * x, height, sz * z), (sx * x, 0, sz * z), radius, sides=sides) for sx in (-1, 1) for sz in (-1, 1)]
    if chance(rng, 0.5):
        legs.append(box((2 * x, 0.05, 0.03), (0, height * rng.uniform(0.25, 0.8), 0)))
    return legs


def _trestles(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    x, radius = width * rng.uniform(0.36, 0.45), rng.uniform(0.022, 0.04)
    legs = [
        rod((side * x, height, slope * depth * 0.2), (side * x, 0, slope * depth * 0.55), radius, sides=4)
        for side in (-1, 1)
        for slope in (-1, 1)
    ]
    return [*legs, rod((-x, height * 0.45, 0), (x, height * 0.45, 0), radius * 0.8, sides=4)]


def _blocks(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    """Stone feet that taper."""
    wide, taper = rng.uniform(0.12, 0.3), rng.uniform(0.7, 1.3)
    return [
        frustum((wide, depth * 0.85), (wide * taper, depth * 0.85), height, (side * (width / 2 - wide / 2), 0, 0))
        for side in (-1, 1)
    ]
