"""Chairs: a seat for one, with a back, on legs, a pedestal, a sled or rockers; with or without arms."""

import numpy as np

from headstart.scenes.shapes.draws import chance, pick
from headstart.scenes.shapes.mesh import Mesh, merge
from headstart.scenes.shapes.solids import box, cylinder, lathe, panel, rod, tube

__all__ = ["chair"]


def chair(rng: np.random.Generator) -> Mesh:
    """A chair that faces −z."""
    width, depth, height = rng.uniform(0.42, 0.62), rng.uniform(0.42, 0.56), rng.uniform(0.36, 0.5)
    parts = [_seat(rng, width, depth, height), *_back(rng, width, depth, height)]
    parts += pick(rng, (_legs, _legs, _legs, _pedestal, _sled, _rockers))(rng, width, depth, height)
    if chance(rng, 0.4):
        parts += _arms(rng, width, depth, height)
    return merge(parts)


def _seat(rng: np.random.Generator, width: float, depth: float, height: float) -> Mesh:
    thick = rng.uniform(0.03, 0.11)
    kind = rng.integers(3)
    if kind == 0:
        return box((width, thick, depth), (0, height, 0))
    if kind == 1:
        return panel((width, thick, depth), (0, height, 0), bevel=0.4)
    rim = [(0.46, -thick / 2), (0.5, 0), (0.46, thick / 2), (0.0, thick / 2 - 0.01)]
    return lathe(rim, sides=24).scaled((width * 1.05, 1, depth * 1.05)).moved((0, height, 0))


def _back(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    """Drawn upright behind the seat, then leant about the seat's rear edge."""
    tall, thick = rng.uniform(0.3, 0.75), rng.uniform(0.025, 0.07)
    style = pick(rng, (_solid_back, _ladder_back, _spindle_back, _hoop_back, _frame_back))
    lean, rear = rng.uniform(0.0, 0.3), depth / 2 - thick / 2
    return [part.turned(0, lean).moved((0, height, rear)) for part in style(rng, width, tall, thick)]


def _solid_back(rng: np.random.Generator, width: float, tall: float, thick: float) -> list[Mesh]:
    gap = pick(rng, (0.0, 0.0, 0.12))
    shape = panel if chance(rng, 0.5) else box
    posts = [box((0.05, gap + 0.04, thick), (side * width * 0.3, gap / 2, 0)) for side in (-1, 1)] if gap else []
    return [shape((width, tall - gap, thick * 1.3), (0, gap + (tall - gap) / 2, 0)), *posts]


def _posts(width: float, tall: float, thick: float) -> list[Mesh]:
    return [box((thick, tall, thick), (side * (width - thick) / 2, tall / 2, 0)) for side in (-1, 1)]


def _ladder_back(rng: np.random.Generator, width: float, tall: float, thick: float) -> list[Mesh]:
    rungs, high = int(rng.integers(2, 6)), rng.uniform(0.04, 0.09)
    heights = np.linspace(tall * 0.25, tall - high / 2, rungs)
    return [*_posts(width, tall, thick), *(box((width, high, thick * 0.6), (0, y, 0)) for y in heights)]


def _spindle_back(rng: np.random.Generator, width: float, tall: float, thick: float) -> list[Mesh]:
    bars, rail = int(rng.integers(3, 8)), rng.uniform(0.05, 0.12)
    offsets = np.linspace(-width / 2, width / 2, bars + 2)[1:-1]
    spindles = [box((thick * 0.6, tall, thick * 0.6), (x, tall / 2, 0)) for x in offsets]
    return [*_posts(width, tall, thick), box((width, rail, thick), (0, tall - rail / 2, 0)), *spindles]


def _hoop_back(rng: np.random.Generator, width: float, tall: float, thick: float) -> list[Mesh]:
    turn = np.linspace(0, np.pi, 13)
    hoop = np.stack([np.cos(turn) * width * 0.48, np.sin(turn) ** 0.7 * tall, np.zeros(13)], axis=1)
    bars = int(rng.integers(0, 6))
    offsets = np.linspace(-0.8, 0.8, bars + 2)[1:-1]
    heights = np.sqrt(1 - offsets**2) ** 0.7 * tall
    spindles = [
        rod((x * width * 0.45, 0, 0), (x * width * 0.45, y, 0), thick / 4)
        for x, y in zip(offsets, heights, strict=True)
    ]
    filled = [panel((width * 0.7, tall * 0.7, thick), (0, tall * 0.45, 0))] if bars == 0 else []
    return [tube(hoop, thick * 0.6), *spindles, *filled]


def _frame_back(rng: np.random.Generator, width: float, tall: float, thick: float) -> list[Mesh]:
    rail, splat = rng.uniform(0.06, 0.14), width * rng.uniform(0.2, 0.5)
    middle = box((splat, tall - rail, thick * 0.5), (0, (tall - rail) / 2, 0))
    return [*_posts(width, tall, thick), box((width, rail, thick), (0, tall - rail / 2, 0)), middle]


def _corners(width: float, depth: float, inset: float) -> list[tuple[float, float]]:
    return [(sx * (width / 2 - inset), sz * (depth / 2 - inset)) for sx in (-1, 1) for sz in (-1, 1)]


def _legs(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    radius, foot, splay = rng.uniform(0.016, 0.035), rng.uniform(0.4, 1.0), pick(rng, (1.0, 1.0, 1.15, 1.3))
    sides = pick(rng, (4, 10))
    corners = _corners(width, depth, 0.04)
    parts = [rod((x, height, z), (x * splay, 0, z * splay), (radius, radius * foot), sides=sides) for x, z in corners]
    if chance(rng, 0.4):
        low, x, z = height * rng.uniform(0.25, 0.5), width / 2 - 0.04, depth / 2 - 0.04
        reach = 1 + (splay - 1) * (1 - low / height)
        parts += [
            rod((side * x * reach, low, -z * reach), (side * x * reach, low, z * reach), radius / 2) for side in (-1, 1)
        ]
        parts.append(rod((-x * reach, low, 0), (x * reach, low, 0), radius / 2))
    return parts


def _pedestal(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    column, reach = rng.uniform(0.025, 0.05), max(width, depth) * rng.uniform(0.5, 0.62)
    if chance(rng, 0.4):
        foot = lathe([(reach * 0.9, 0), (reach * 0.9, 0.02), (column, 0.06), (column, height)], sides=24)
        return [foot]
    arms = pick(rng, (4, 5))
    parts = [cylinder(column, height - 0.08, (0, 0.08, 0))]
    for turn in np.arange(arms) * 2 * np.pi / arms + 0.3:
        end = (reach * np.cos(turn), 0.05, reach * np.sin(turn))
        parts += [rod((0, 0.1, 0), end, (0.03, 0.02), sides=6), cylinder(0.028, 0.05, (end[0], 0, end[2]), sides=8)]
    return parts


def _sled(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    """One bent tube per side; cantilever: without rear uprights."""
    radius, x, z = rng.uniform(0.014, 0.024), width / 2 - 0.03, depth / 2 - 0.03
    path = [(x, height, -z), (x, 0, -z), (x, 0, z)]
    if chance(rng, 0.5):
        path.append((x, height, z))
    bent = [tube(np.array(path) * (side, 1, 1), radius) for side in (-1, 1)]
    return [*bent, rod((-x, 0, z), (x, 0, z), radius)]


def _rockers(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    curve, bow = np.linspace(-0.75, 0.75, 9), rng.uniform(0.15, 0.35)
    rail = np.stack([np.full(9, width / 2 - 0.04), curve**2 * bow, curve * depth * 1.1], axis=1)
    parts = [tube(rail * (side, 1, 1), 0.022) for side in (-1, 1)]
    return parts + [rod((x, height, z), (x, 0.03, z * 1.1), 0.02) for x, z in _corners(width, depth, 0.04)]


def _arms(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    lift, thick, inside = rng.uniform(0.16, 0.26), rng.uniform(0.03, 0.06), width / 2
    if chance(rng, 0.25):
        return [box((thick, lift, depth), (side * inside, height + lift / 2, 0)) for side in (-1, 1)]
    parts = []
    for side in (-1, 1):
        parts.append(box((thick * 1.2, thick * 0.7, depth * 0.95), (side * inside, height + lift, 0)))
        parts.append(
            rod((side * inside, height, -depth * 0.35), (side * inside, height + lift, -depth * 0.38), thick / 3)
        )
    return parts
