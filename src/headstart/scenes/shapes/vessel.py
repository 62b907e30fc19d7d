"""Vessels: sailing boats, motor yachts, cargo ships, tugs, liners, warships and rowing boats."""

import numpy as np

from headstart.scenes.shapes.draws import chance, pick
from headstart.scenes.shapes.mesh import Mesh, merge
from headstart.scenes.shapes.solids import body, box, cylinder, extrude, frustum, loft, rod, slab

__all__ = ["vessel"]


def vessel(rng: np.random.Generator) -> Mesh:
    """A boat or ship whose bow points to −z; its deck amidships lies at y = 0."""
    kinds = (_sailing_boat, _sailing_boat, _yacht, _cargo_ship, _tug, _liner, _warship, _rowing_boat)
    return merge(pick(rng, kinds)(rng))


def _hull(length: float, width: float, depth: float, *, sheer: float, rake: float, stern: float, full: float) -> Mesh:
    """Deck flat across and rising by ``sheer`` at the bow; ``rake``: overhang of the bow; ``stern``: width aft, 0–1.

    full: 2 gives a round bilge, larger values a boxier one.
    """
    along = np.array([0.0, 0.05, 0.12, 0.22, 0.36, 0.6, 0.85, 1.0])
    half = np.minimum(1.0, np.sin(np.clip(along / 0.42, 0, 1) * np.pi / 2) ** 0.75)
    half = (
        np.maximum(np.where(along > 0.6, half * (1 - (1 - stern) * ((along - 0.6) / 0.4) ** 2), half), 0.02) * width / 2
    )
    deck = sheer * (np.clip(0.45 - along, 0, 1) / 0.45) ** 2 + sheer * 0.25 * np.clip(along - 0.6, 0, 1)
    turn = np.linspace(np.pi, 2 * np.pi, 9)
    across = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** (2 / full)
    down = np.abs(np.sin(turn)) ** (2 / full)
    keel = depth * np.minimum(1.0, 0.45 + along * 2.5)
    rings = np.empty((len(along), 9, 3))
    rings[:, :, 0] = half[:, None] * across
    rings[:, :, 1] = deck[:, None] - (keel + deck)[:, None] * down
    rings[:, :, 2] = (along[:, None] - 0.5) * length + rake * down * np.clip(1 - along / 0.3, 0, 1)[:, None]
    return loft(rings)


def _sail(foot: float, hoist: float, belly: float) -> Mesh:
    """A triangle in the plane x = 0 with its luff on the mast (z = 0) and its foot towards the stern."""
    return slab([(0, 0), (foot, hoist * 0.02), (foot * 0.45, hoist * 0.55), (0, hoist)], 0.012).moved((belly, 0, 0))


def _sailing_boat(rng: np.random.Generator) -> list[Mesh]:
    length, width = rng.uniform(0.9, 1.2), rng.uniform(0.24, 0.34)
    parts = [
        _hull(
            length,
            width,
            rng.uniform(0.12, 0.2),
            sheer=0.06,
            rake=rng.uniform(0.05, 0.2),
            stern=rng.uniform(0.3, 0.8),
            full=2.4,
        )
    ]
    parts.append(frustum((width * 0.55, length * 0.32), (width * 0.45, length * 0.25), 0.06, (0, 0, length * 0.08)))
    masts = pick(rng, ((-0.08,), (-0.08,), (-0.22, 0.15), (-0.28, -0.02, 0.24)))
    swing = rng.uniform(-0.35, 0.35)
    for number, fraction in enumerate(masts):
        tall = rng.uniform(0.9, 1.25) * (1 - 0.12 * number) * (1 if len(masts) == 1 else 0.8)
        z, foot = fraction * length, length * (0.42 if len(masts) == 1 else 0.24)
        parts.append(rod((0, -0.02, z), (0, tall, z), (0.016, 0.01), sides=6))
        if len(masts) == 3:
            parts += _square_sails(tall, width, z, swing)
            continue
        main = merge([_sail(foot, tall * 0.82, 0.0), rod((0, 0, 0), (0, 0, foot), 0.012, sides=5)])
        parts.append(main.turned(1, swing).moved((0, tall * 0.14, z)))
    if chance(rng, 0.75):
        reach, high = masts[0] * length + length * 0.47, tall * 0.75
        jib = slab([(0, 0.05), (reach * 0.95, 0.03), (reach, high)], 0.012)
        parts.append(jib.turned(1, swing * 0.3).moved((0, 0.04, -length * 0.47)))
    if chance(rng, 0.4):
        parts.append(slab([(-0.1, -0.36), (0.08, -0.36), (0.14, -0.08), (-0.1, -0.08)], 0.03))
    return parts


def _square_sails(tall: float, width: float, z: float, swing: float) -> list[Mesh]:
    parts = []
    for low, high, wide in ((0.15, 0.48, 1.5), (0.52, 0.78, 1.15), (0.81, 0.97, 0.8)):
        half, top = width * wide / 2, width * wide * 0.42
        outline = [(-half, low * tall), (half, low * tall), (top, high * tall), (-top, high * tall)]
        parts.append(extrude(outline, 0.012).turned(1, swing).moved((0, 0, z - 0.02)))
    return parts


def _cabin(width: float, length: float, height: float, at: tuple[float, float, float], *, rake: float = 0.0) -> Mesh:
    return frustum((width, length), (width * 0.88, length * 0.85), height, at, shift=(0, rake))


def _mast(y: float, z: float, tall: float) -> list[Mesh]:
    return [rod((0, y, z), (0, y + tall, z), (0.014, 0.008), sides=6), box((0.12, 0.01, 0.01), (0, y + tall * 0.7, z))]


def _yacht(rng: np.random.Generator) -> list[Mesh]:
    length, width, rake = rng.uniform(1.1, 1.5), rng.uniform(0.28, 0.36), rng.uniform(0.02, 0.1)
    parts = [_hull(length, width, 0.16, sheer=rng.uniform(0.06, 0.14), rake=0.16, stern=0.9, full=2.6)]
    y, wide, long, z = 0.0, width * 0.8, length * rng.uniform(0.45, 0.6), length * 0.08
    for _ in range(int(rng.integers(1, 4))):
        high = rng.uniform(0.07, 0.1)
        parts += [_cabin(wide * 0.92, long * 0.96, high, (0, y, z), rake=rake)]
        parts.append(box((wide * 0.95, 0.016, long), (0, y + high, z + rake)))
        y, wide, long, z = y + high, wide * 0.85, long * 0.68, z + rake
    return [*parts, *_mast(y, z, rng.uniform(0.1, 0.25))]


def _cargo_ship(rng: np.random.Generator) -> list[Mesh]:
    """Containers, or a tanker's or bulk carrier's hatches, before a bridge."""
    length, width = rng.uniform(1.8, 2.4), rng.uniform(0.28, 0.36)
    parts = [_hull(length, width, rng.uniform(0.16, 0.24), sheer=0.07, rake=0.1, stern=0.85, full=6)]
    bridge, high = length * rng.uniform(0.3, 0.38), rng.uniform(0.26, 0.36)
    parts += [
        box((width * 0.75, high, 0.16), (0, high / 2, bridge)),
        box((width * 1.02, 0.035, 0.1), (0, high, bridge - 0.04)),
    ]
    parts += [cylinder(0.05, high * 0.9, (0, 0, bridge + 0.14), sides=10), *_mast(high, bridge, 0.14)]
    first, last, rows = -length * 0.33, bridge - 0.14, int(rng.integers(4, 8))
    pitch = (last - first) / rows
    loaded = chance(rng, 0.65)
    for row in range(rows):
        z = first + (row + 0.5) * pitch
        if loaded:
            stack = 0.065 * int(rng.integers(2, 5))
            parts.append(box((width * 0.88, stack, pitch * 0.86), (0, stack / 2, z)))
        else:
            parts.append(box((width * 0.5, 0.05, pitch * 0.7), (0, 0.025, z)))
    if not loaded:
        parts += [p for z in np.linspace(first, last, 4)[1:3] for p in _crane(z, rng.uniform(0.2, 0.3))]
    return parts


def _crane(z: float, tall: float) -> list[Mesh]:
    return [cylinder(0.022, tall, (0, 0, z), sides=8), rod((0, tall, z), (0, tall * 1.3, z - tall), 0.014, sides=5)]


def _tug(rng: np.random.Generator) -> list[Mesh]:
    """Short and stout: a tug or a fishing boat."""
    length, width = rng.uniform(0.8, 1.0), rng.uniform(0.28, 0.36)
    z, high = length * rng.uniform(-0.12, 0.15), rng.uniform(0.2, 0.28)
    parts = [_hull(length, width, 0.17, sheer=rng.uniform(0.1, 0.2), rake=0.05, stern=rng.uniform(0.7, 0.95), full=2.6)]
    parts += [
        _cabin(width * 0.62, length * 0.3, high, (0, 0, z)),
        box((width * 0.68, 0.025, length * 0.34), (0, high, z)),
    ]
    if chance(rng, 0.6):
        parts.append(cylinder(0.05, high + 0.12, (0, 0, z + length * 0.22), sides=12))
    parts += _mast(high, z, rng.uniform(0.15, 0.35))
    if chance(rng, 0.5):
        parts += [
            rod((0, 0, z + 0.1), (0, 0.45, length * 0.42), 0.014, sides=5),
            rod((-width * 0.4, 0.02, length * 0.4), (-width * 0.4, 0.32, length * 0.4), 0.014, sides=5),
        ]
    rim = [box((0.02, 0.05, length * 0.5), (side * width * 0.47, 0.02, length * 0.2)) for side in (-1, 1)]
    return parts + rim


def _liner(rng: np.random.Generator) -> list[Mesh]:
    length, width = rng.uniform(1.8, 2.3), rng.uniform(0.26, 0.32)
    parts = [_hull(length, width, 0.2, sheer=0.08, rake=0.12, stern=0.6, full=4)]
    long, y = length * 0.66, 0.0
    for level in range(int(rng.integers(3, 6))):
        wide = width * (0.92 - 0.05 * level)
        parts += [
            box((wide * 0.93, 0.045, long * 0.98), (0, y + 0.022, 0.04)),
            box((wide, 0.014, long), (0, y + 0.05, 0.04)),
        ]
        y, long = y + 0.057, long * rng.uniform(0.86, 0.95)
    funnels = int(rng.integers(1, 5))
    for z in np.linspace(-long * 0.3, long * 0.3, funnels) if funnels > 1 else (0.08,):
        parts.append(cylinder(0.055, 0.2, sides=12).turned(0, 0.15).moved((0, y, z)))
    return [*parts, *_mast(0.0, -length * 0.36, 0.4), *_mast(0.0, length * 0.4, 0.36)]


def _warship(rng: np.random.Generator) -> list[Mesh]:
    length, width = rng.uniform(1.8, 2.3), rng.uniform(0.2, 0.28)
    parts = [_hull(length, width, 0.15, sheer=0.1, rake=0.18, stern=0.8, full=3)]
    parts += [
        _cabin(width * 0.8, length * 0.42, 0.09, (0, 0, 0)),
        _cabin(width * 0.6, length * 0.12, 0.2, (0, 0.05, -length * 0.13)),
    ]
    parts += [
        _cabin(width * 0.45, 0.1, 0.16, (0, 0.05, length * 0.08), rake=0.04),
        *_mast(0.25, -length * 0.1, rng.uniform(0.2, 0.35)),
    ]
    guns = pick(rng, ((-0.3,), (-0.34, -0.25), (-0.3, 0.3), (-0.34, -0.25, 0.3)))
    for number, fraction in enumerate(guns):
        z, way, y = fraction * length, np.sign(fraction), 0.05 * (number % 2)
        parts.append(frustum((0.12, 0.14), (0.08, 0.1), 0.06, (0, y, z)))
        parts.append(rod((0, y + 0.04, z), (0, y + 0.07, z + way * 0.22), 0.013, sides=5))
    return parts


def _rowing_boat(rng: np.random.Generator) -> list[Mesh]:
    """An open boat: gunwales, thwarts and oars over a hull; some are canoes, pointed at both ends."""
    length, width = rng.uniform(0.9, 1.2), rng.uniform(0.22, 0.36)
    canoe = chance(rng, 0.4)
    hull = _hull(length, width, 0.14, sheer=rng.uniform(0.06, 0.14), rake=0.06, stern=0.12 if canoe else 0.75, full=2.4)
    rim = body([(-length * 0.49, 0.06, 0.02, 0.02), (-length * 0.3, 0.03, width * 0.5, 0.02)], sides=8)
    seats = [
        box((width * 0.92, 0.02, 0.07), (0, 0.03, fraction * length))
        for fraction in (-0.12, 0.1, 0.3)[: 2 + (not canoe)]
    ]
    lips = [box((0.02, 0.05, length * 0.55), (side * width * 0.46, 0.015, length * 0.06)) for side in (-1, 1)]
    parts = [hull, rim, *seats, *lips]
    if chance(rng, 0.7):
        reach, lift = width * rng.uniform(1.2, 1.7), rng.uniform(-0.05, 0.2)
        oar = merge(
            [rod((0.05, 0.12, 0), (reach, lift, 0.1), 0.011, sides=5), box((0.16, 0.012, 0.06), (reach, lift, 0.1))]
        )
        parts += [oar, oar.mirrored(0)]
    return parts
