"""Lamps: a shade on a table base, on a floor stand, on a jointed arm, or hung from above."""

import numpy as np

from headstart.scenes.shapes.draws import chance, pick
from headstart.scenes.shapes.mesh import Mesh, merge
from headstart.scenes.shapes.solids import ball, box, cylinder, lathe, point, rod, torus, tube

__all__ = ["lamp"]


def lamp(rng: np.random.Generator) -> Mesh:
    return pick(rng, (_table_lamp, _table_lamp, _floor_lamp, _desk_lamp, _pendant, _chandelier))(rng)


def _shade(rng: np.random.Generator, wide: float) -> Mesh:
    """Open below or closed, its lower rim at y = 0, its largest radius ``wide``."""
    high = wide * rng.uniform(0.9, 1.8)
    kind = pick(rng, ("cone", "drum", "bell", "globe", "dome", "tiffany"))
    up = np.linspace(0, 1, 9)
    if kind == "globe":
        return ball((wide, wide * rng.uniform(0.8, 1.2), wide), (0, wide * 0.8, 0))
    radius = {
        "cone": 1 - up * rng.uniform(0.35, 0.75),
        "drum": 1 - up * rng.uniform(0.0, 0.15),
        "bell": 0.35 + 0.65 * (1 - up) ** 2.2,
        "dome": np.sqrt(np.clip(1 - (up * 0.96) ** 2, 0, 1)),
        "tiffany": np.clip(1 - up**1.6 * 0.85, 0.12, 1) - 0.12 * np.exp(-up * 12),
    }[kind]
    outer = np.stack([radius * wide, up * high], axis=1)
    inner = (outer * (0.94, 0.985))[::-1]
    return lathe(np.concatenate([outer, inner]), sides=20, closed=True)


def _body(rng: np.random.Generator, high: float, wide: float) -> Mesh:
    """A turned stem ``high``, at most ``wide`` in radius: vase, gourd, column or stacked balls."""
    up = np.linspace(0, 1, 13)
    kind, bulge = rng.integers(4), rng.uniform(0.35, 0.6)
    radius = (
        0.35 + 0.65 * np.exp(-(((up - bulge) / 0.22) ** 2)),
        0.3 + 0.7 * np.abs(np.sin(np.pi * (up * 2 + 0.25))) * (1 - up * 0.6),
        0.45 + 0.15 * np.cos(up * 12 * bulge),
        0.15 + 0.85 * np.sqrt(np.clip(1 - (2 * up - 0.9) ** 2, 0, 1)),
    )[kind]
    return lathe(np.stack([radius * wide, up * high], axis=1))


def _base(rng: np.random.Generator, wide: float) -> Mesh:
    high = rng.uniform(0.02, 0.06)
    if chance(rng, 0.3):
        return box((wide * 1.7, high, wide * 1.7), (0, high / 2, 0))
    return lathe([(wide, 0), (wide, high * 0.6), (wide * 0.7, high), (0, high * 1.3)], sides=20)


def _table_lamp(rng: np.random.Generator) -> Mesh:
    high, wide = rng.uniform(0.3, 0.55), rng.uniform(0.06, 0.15)
    neck = high + rng.uniform(0.02, 0.1)
    parts = [_base(rng, wide * rng.uniform(0.9, 1.3)), _body(rng, high, wide), cylinder(0.015, neck)]
    return merge([*parts, _shade(rng, rng.uniform(0.2, 0.32)).moved((0, neck - 0.05, 0))])


def _floor_lamp(rng: np.random.Generator) -> Mesh:
    high, wide = rng.uniform(1.0, 1.4), rng.uniform(0.2, 0.32)
    shade = _shade(rng, wide)
    kind = pick(rng, ("pole", "tripod", "arc"))
    if kind == "tripod":
        turns = np.arange(3) * 2 * np.pi / 3 + rng.uniform(0, 2)
        legs = [rod((0, high, 0), (0.36 * np.cos(turn), 0, 0.36 * np.sin(turn)), 0.022) for turn in turns]
        return merge([*legs, shade.moved((0, high - 0.03, 0))])
    if kind == "arc":
        turn = np.linspace(np.pi, 0.2, 12)
        arc = np.stack([0.42 + 0.42 * np.cos(turn), high * 0.55 + 0.45 * np.sin(turn), np.zeros(12)], axis=1)
        path = np.concatenate([[(0, 0, 0)], arc])
        return merge([_base(rng, 0.24), tube(path, 0.02), shade.scaled(0.8).moved((arc[-1][0], arc[-1][1] - 0.2, 0))])
    return merge([_base(rng, rng.uniform(0.16, 0.28)), cylinder(0.022, high), shade.moved((0, high - 0.05, 0))])


def _desk_lamp(rng: np.random.Generator) -> Mesh:
    """A jointed arm in the plane x = 0, its head looking down and forward."""
    lower, upper = rng.uniform(0.3, 0.45), rng.uniform(0.3, 0.45)
    back, front = rng.uniform(0.2, 0.7), rng.uniform(0.2, 0.8)
    elbow = np.array([0, 0.04 + lower * np.cos(back), lower * np.sin(back)])
    wrist = elbow + upper * np.array([0, np.sin(front), -np.cos(front)])
    head = lathe([(0.15, -0.16), (0.13, -0.09), (0.05, 0.0), (0.04, 0.06)], sides=16).turned(0, rng.uniform(0.1, 0.7))
    arms = [rod((0, 0.04, 0), elbow, 0.02), rod(elbow, wrist, 0.02), ball(0.035, elbow, sides=10, rings=7)]
    return merge([_base(rng, rng.uniform(0.14, 0.2)), *arms, head.moved(wrist)])


def _pendant(rng: np.random.Generator) -> Mesh:
    drop, wide = rng.uniform(0.25, 0.6), rng.uniform(0.2, 0.36)
    shade = _shade(rng, wide)
    top = float(shade.vertices[:, 1].max()) - 0.03
    return merge([shade, cylinder(0.012, drop, (0, top, 0)), cylinder(0.09, 0.04, (0, top + drop, 0))])


def _chandelier(rng: np.random.Generator) -> Mesh:
    arms, reach = int(rng.integers(3, 7)), rng.uniform(0.3, 0.45)
    parts = [cylinder(0.014, 0.5), ball((0.07, 0.1, 0.07)), cylinder(0.08, 0.03, (0, 0.5, 0))]
    up = chance(rng, 0.6)
    cup = _shade(rng, rng.uniform(0.07, 0.13))
    for turn in np.arange(arms) * 2 * np.pi / arms + 0.2:
        way = np.array([np.cos(turn), 0, np.sin(turn)])
        path = np.array([way * 0.03, way * reach * 0.6 - point(0, 0.12, 0), way * reach])
        parts += [tube(path, 0.016, sides=6), (cup if up else cup.turned(0, np.pi)).moved(path[-1])]
    return merge([*parts, torus(reach, 0.015)] if chance(rng, 0.3) else parts)
