"""Airplanes: airliners, propeller planes, biplanes and jet fighters."""

import numpy as np

from headstart.scenes.shapes.draws import chance, pick
from headstart.scenes.shapes.mesh import Mesh, merge
from headstart.scenes.shapes.solids import ball, body, box, cylinder, rod, wing

__all__ = ["airplane"]


def airplane(rng: np.random.Generator) -> Mesh:
    """An airplane whose nose points to −z."""
    return merge(pick(rng, (_airliner, _airliner, _propeller_plane, _propeller_plane, _fighter))(rng))


def _both(part: Mesh) -> list[Mesh]:
    return [part, part.mirrored(0)]


def _fuselage(rng: np.random.Generator, length: float, wide: float, nose: float, tail: float) -> Mesh:
    """Round, blunt over ``nose`` of its length and drawn up to a point over ``tail`` of it."""
    along = np.concatenate([np.linspace(0, nose, 6), np.linspace(1 - tail, 1, 6)])
    front = np.sqrt(np.clip(1 - (1 - along / nose) ** 2, 0, 1))
    back = np.clip((1 - along) / tail, 0, 1) ** 0.8
    girth = np.clip(np.where(along <= nose, front, np.where(along >= 1 - tail, back, 1.0)), 0.04, 1) * wide
    lift = np.where(along > 1 - tail, (wide - girth) * 0.35, 0.0)
    return body(np.stack([(along - 0.5) * length, lift, girth, girth * rng.uniform(0.95, 1.2)], axis=1), sides=14)


def _tail(rng: np.random.Generator, size: float, at: float, lift: float) -> list[Mesh]:
    """Fin and stabilisers: conventional, T-tail, V-tail or twin fins."""
    sweep = size * rng.uniform(0.1, 0.6)
    fin = wing(size, size * 0.8, size * 0.45, sweep=sweep, rise=0, thick=0.08)
    flat = wing(size * rng.uniform(0.9, 1.2), size * 0.6, size * 0.35, sweep=sweep * 0.7, rise=0, thick=0.08)
    upright = fin.turned(2, np.pi / 2)
    kind = pick(rng, ("low", "low", "tee", "vee", "twin"))
    if kind == "tee":
        parts = [upright, *_both(flat.moved((0, size, sweep)))]
    elif kind == "vee":
        parts = _both(fin.turned(2, rng.uniform(0.6, 0.9)))
    elif kind == "twin":
        parts = [*_both(flat), *_both(upright.scaled((1, 0.7, 0.9)).moved((size * 0.85, 0, sweep * 0.5)))]
    else:
        parts = [upright, *_both(flat)]
    return [part.moved((0, lift, at)) for part in parts]


def _airliner(rng: np.random.Generator) -> list[Mesh]:
    length, wide = rng.uniform(1.7, 2.3), rng.uniform(0.19, 0.28)
    span, root = rng.uniform(0.75, 1.1), rng.uniform(0.38, 0.55)
    sweep, rise = span * rng.uniform(0.25, 0.55), span * rng.uniform(0.04, 0.14)
    height, at = pick(rng, (-0.35, -0.35, 0.4)) * wide, rng.uniform(-0.1, 0.1)
    parts = [_fuselage(rng, length, wide, 0.18, rng.uniform(0.3, 0.42))]
    half = wing(span, root, root * rng.uniform(0.25, 0.4), sweep=sweep, rise=rise, thick=0.12)
    parts += _both(half.moved((0, height, at)))
    if chance(rng, 0.3):
        tip = wing(0.14, root * 0.25, root * 0.12, sweep=0.1, rise=0, thick=0.1).turned(2, 1.3)
        parts += _both(tip.moved((span, height + rise, at + sweep)))
    parts += _tail(rng, rng.uniform(0.3, 0.42), length * 0.41, wide * 0.25)
    return parts + _jets(rng, length, wide, (span, sweep, rise), height, at - root * 0.45)


def _jets(
    rng: np.random.Generator, length: float, wide: float, half: tuple[float, float, float], height: float, front: float
) -> list[Mesh]:
    """Two or four nacelles under the wings, or two at the rear of the fuselage."""
    radius, long = rng.uniform(0.055, 0.085), rng.uniform(0.22, 0.34)
    nacelle = body([(0, 0, 1.6, 1.6), (0.15, 0, 2, 2), (0.5, 0, 1.9, 1.9), (1, 0, 1, 1)], sides=10)
    nacelle = nacelle.scaled((radius, radius, long))
    if chance(rng, 0.25):
        return _both(nacelle.moved((wide / 2 + radius, wide * 0.2, length * 0.2)))
    span, sweep, rise = half
    parts = []
    for fraction in pick(rng, ((0.33,), (0.36,), (0.28, 0.58))):
        hang = height + rise * fraction - radius * 1.25
        parts += _both(nacelle.moved((span * fraction, hang, front + sweep * fraction - long * 0.35)))
    return parts


def _propeller(rng: np.random.Generator, radius: float, at: tuple[float, float, float]) -> list[Mesh]:
    blades = int(rng.integers(2, 5))
    first = rng.uniform(0, np.pi)
    blade = box((radius, radius * 0.15, 0.015), (radius / 2, 0, 0))
    turned = [blade.turned(2, first + turn * 2 * np.pi / blades).moved(at) for turn in range(blades)]
    return [ball((0.05, 0.05, 0.08), at, sides=10, rings=7), *turned]


def _propeller_plane(rng: np.random.Generator) -> list[Mesh]:
    length, wide = rng.uniform(1.2, 1.5), rng.uniform(0.18, 0.25)
    span, chord, at = rng.uniform(0.75, 1.0), rng.uniform(0.24, 0.36), rng.uniform(-0.25, -0.05)
    parts = [_fuselage(rng, length, wide, 0.2, 0.55)]
    parts.append(ball((wide * 0.35, wide * 0.45, 0.22), (0, wide * 0.4, at), sides=10, rings=7))
    rise = rng.uniform(0.0, 0.1)
    half = wing(span, chord, chord * rng.uniform(0.5, 1.0), sweep=rng.uniform(-0.02, 0.1), rise=rise, thick=0.12)
    heights = pick(rng, ((-0.4,), (0.75,), (-0.4, 1.5)))
    for height in heights:
        parts += _both(half.moved((0, height * wide, at)))
    parts += _struts(heights, wide, span, rise, at)
    parts += _tail(rng, rng.uniform(0.22, 0.3), length * 0.42, wide * 0.2)
    parts += _gear(wide, at) if chance(rng, 0.6) else []
    if chance(rng, 0.25) and len(heights) == 1:
        x, y = span * 0.35, heights[0] * wide
        pod = ball((0.07, 0.07, 0.24), (x, y, at - chord * 0.4), sides=10, rings=7)
        return parts + _both(merge([pod, *_propeller(rng, 0.2, (x, y, at - chord * 0.4 - 0.24))]))
    return parts + _propeller(rng, rng.uniform(0.2, 0.28), (0, 0, -length / 2))


def _struts(heights: tuple[float, ...], wide: float, span: float, rise: float, at: float) -> list[Mesh]:
    """From the body to a high wing, or between the wings of a biplane."""
    x = span * 0.6
    if len(heights) == 2:
        low, high = (height * wide + rise * 0.6 for height in heights)
        return _both(merge([rod((x, low, at + dz), (x, high, at + dz), 0.012, sides=5) for dz in (-0.08, 0.08)]))
    if heights[0] > 0:
        return _both(rod((wide * 0.4, -wide * 0.3, at), (x, heights[0] * wide + rise * 0.6, at), 0.014, sides=5))
    return []


def _gear(wide: float, at: float) -> list[Mesh]:
    drop, x = wide * 1.1, wide * 0.9
    tyre = cylinder(0.065, 0.04, sides=12).turned(2, np.pi / 2).moved((x, -drop, at - 0.1))
    return _both(merge([tyre, rod((wide * 0.2, -wide * 0.4, at - 0.1), (x, -drop, at - 0.1), 0.016, sides=5)]))


def _fighter(rng: np.random.Generator) -> list[Mesh]:
    length, wide = rng.uniform(1.5, 1.9), rng.uniform(0.17, 0.24)
    span, root = rng.uniform(0.5, 0.75), rng.uniform(0.6, 0.95)
    along = np.array([0, 0.12, 0.3, 0.5, 0.8, 1.0])
    girth = np.array([0.06, 0.45, 0.8, 1.1, 1.1, 0.75]) * wide
    sections = np.stack([(along - 0.5) * length, along * 0, girth * rng.uniform(1.0, 1.4), girth], axis=1)
    half = wing(span, root, root * rng.uniform(0.12, 0.35), sweep=root * rng.uniform(0.2, 0.5), rise=0, thick=0.05)
    parts = [body(sections, power=3, sides=12), *_both(half.moved((0, 0, length * 0.12)))]
    parts.append(ball((wide * 0.3, wide * 0.4, 0.24), (0, wide * 0.4, -length * 0.18), sides=10, rings=7))
    fin = wing(0.34, 0.36, 0.16, sweep=0.2, rise=0, thick=0.06)
    if chance(rng, 0.5):
        parts += _both(fin.turned(2, np.pi / 2 - rng.uniform(0.1, 0.4)).moved((wide * 0.4, wide * 0.3, length * 0.36)))
    else:
        parts.append(fin.turned(2, np.pi / 2).moved((0, wide * 0.3, length * 0.36)))
    offset = pick(rng, (0.44, 0.44, -0.22))
    parts += _both(wing(0.32, 0.28, 0.12, sweep=0.15, rise=0, thick=0.06).moved((wide * 0.3, 0, length * offset)))
    if chance(rng, 0.5):
        parts += _both(
            body([(0, 0, 0.01, 0.01), (0.1, 0, 0.04, 0.04), (0.45, 0, 0.04, 0.04)], sides=6).moved(
                (span * 0.6, -0.05, 0)
            )
        )
    return parts
