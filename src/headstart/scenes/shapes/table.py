"""Tables: a flat top at standing or sitting height on legs, a pedestal, a trestle or slabs."""

import numpy as np

from headstart.scenes.shapes.draws import chance, pick
from headstart.scenes.shapes.mesh import Mesh, merge
from headstart.scenes.shapes.solids import SIDES, box, cylinder, frustum, lathe, panel, point, rod, tube

__all__ = ["table"]


def table(rng: np.random.Generator) -> Mesh:
    """A table whose long side runs along x."""
    width, height = rng.uniform(0.8, 1.6), rng.uniform(0.35, 0.85)
    depth, thick = width * rng.uniform(0.5, 0.9), rng.uniform(0.03, 0.08)
    round_top = chance(rng, 0.35)
    if round_top and chance(rng, 0.6):
        depth = width
    parts = [_top(rng, width, depth, thick, round_top).moved((0, height, 0))]
    bases = (_pedestal, _pedestal, _legs, _tripod) if round_top else (_legs, _legs, _legs, _slabs, _trestle, _cross)
    spread = 0.72 if round_top else 1.0
    parts += pick(rng, bases)(rng, width * spread, depth * spread, height)
    return merge(parts)


def _top(rng: np.random.Generator, width: float, depth: float, thick: float, round_top: bool) -> Mesh:
    if round_top:
        edge = rng.uniform(0.0, 0.03)
        rim = [(0.5 - edge, 0), (0.5, thick / 2), (0.5, thick)]
        return lathe(rim, sides=28).scaled((width, 1, depth))
    shape = pick(rng, (box, panel))
    return shape((width, thick, depth), (0, thick / 2, 0))


def _legs(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    radius, foot, splay = rng.uniform(0.02, 0.06), rng.uniform(0.4, 1.0), pick(rng, (1.0, 1.0, 1.12))
    inset, sides = radius + rng.uniform(0.0, 0.06), pick(rng, (4, 12))
    x, z = width / 2 - inset, depth / 2 - inset
    parts = [
        rod(
            (sx * x, height, sz * z),
            (sx * x * splay, 0, sz * z * splay),
            (radius * 1.2, radius * 1.2 * foot),
            sides=sides,
        )
        for sx in (-1, 1)
        for sz in (-1, 1)
    ]
    if chance(rng, 0.5):
        apron = rng.uniform(0.06, 0.16)
        parts.append(box((2 * x, apron, 2 * z), (0, height - apron / 2, 0)))
    if chance(rng, 0.3):
        parts.append(box((2 * x, 0.03, 2 * z), (0, height * rng.uniform(0.2, 0.45), 0)))
    return parts


def _slabs(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    thick, inset = rng.uniform(0.04, 0.1), pick(rng, (0.0, 0.1))
    x = width / 2 - thick / 2 - inset
    parts = [box((thick, height, depth * 0.95), (side * x, height / 2, 0)) for side in (-1, 1)]
    if chance(rng, 0.5):
        parts.append(box((2 * x, height * 0.35, 0.04), (0, height * 0.8, depth * 0.3)))
    if chance(rng, 0.4):
        parts.append(box((2 * x, 0.04, depth * 0.9), (0, height * rng.uniform(0.15, 0.5), 0)))
    return parts


def _trestle(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    x, thick, foot = width * rng.uniform(0.3, 0.4), rng.uniform(0.05, 0.1), rng.uniform(0.05, 0.1)
    parts = []
    for side in (-1, 1):
        parts += [
            box((thick, height, thick * 1.6), (side * x, height / 2, 0)),
            box((thick * 1.2, foot, depth * 0.85), (side * x, foot / 2, 0)),
            box((thick * 1.2, foot, depth * 0.7), (side * x, height - foot / 2, 0)),
        ]
    return [*parts, box((2 * x, thick, thick * 0.7), (0, height * 0.35, 0))]


def _cross(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    """Two X-shaped ends joined by a bar."""
    x, z, radius = width * 0.4, depth * 0.42, rng.uniform(0.025, 0.05)
    parts = [
        rod((side * x, height, slope * z), (side * x, 0, -slope * z), radius * 1.3, sides=4)
        for side in (-1, 1)
        for slope in (-1, 1)
    ]
    return [*parts, rod((-x, height / 2, 0), (x, height / 2, 0), radius)]


def _pedestal(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    column, foot = rng.uniform(0.03, 0.09), min(width, depth) * rng.uniform(0.35, 0.5)
    if chance(rng, 0.35):
        waist = np.linspace(0, 1, 9)
        profile = np.stack([column + (foot - column) * (2 * waist - 1) ** 4, waist * height], axis=1)
        return [lathe(profile, sides=SIDES)]
    if chance(rng, 0.5):
        return [lathe([(foot, 0), (foot, 0.03), (column, 0.07), (column, height)], sides=24)]
    parts = [cylinder(column, height)]
    for turn in np.arange(4) * np.pi / 2 + np.pi / 4:
        reach = np.array([np.cos(turn), 0, np.sin(turn)]) * foot * 1.1
        parts.append(
            tube(np.array([(0, height * 0.35, 0), reach * 0.6 + point(0, 0.12, 0), reach + point(0, 0.02, 0)]), 0.03)
        )
    return parts


def _tripod(rng: np.random.Generator, width: float, depth: float, height: float) -> list[Mesh]:
    turns = np.arange(3) * 2 * np.pi / 3 + rng.uniform(0, 2)
    reach = min(width, depth) * 0.5
    feet = [(reach * np.cos(turn), 0, reach * np.sin(turn)) for turn in turns]
    legs = [rod((x * 0.4, height, z * 0.4), (x, 0, z), (0.04, 0.025)) for x, _, z in feet]
    return [*legs, frustum((reach, reach), (reach * 1.1, reach * 1.1), 0.05, (0, height - 0.05, 0))]
