"""Cars: saloons, hatchbacks, estates, off-roaders, pickups, vans and sports cars."""

from dataclasses import dataclass

import numpy as np

from headstart.scenes.shapes.draws import chance, pick
from headstart.scenes.shapes.mesh import Mesh, merge
from headstart.scenes.shapes.solids import ball, box, loft, rod, slab, wheel

__all__ = ["car"]


@dataclass(frozen=True)
class Style:
    """A kind of car, as fractions of its length, front (0) to rear (1) and of height over ground.

    glass: where the glasshouse begins and ends at the belt line; roof: where the roof does. tall: of the whole car.
    """

    glass: tuple[float, float]
    roof: tuple[float, float]
    tall: float
    wheel: float
    clearance: float


STYLES = {
    "saloon": Style((0.27, 0.87), (0.42, 0.7), 0.33, 0.075, 0.05),
    "hatchback": Style((0.27, 0.98), (0.42, 0.86), 0.38, 0.08, 0.05),
    "estate": Style((0.27, 0.99), (0.4, 0.94), 0.34, 0.075, 0.05),
    "off-roader": Style((0.28, 0.99), (0.36, 0.96), 0.43, 0.1, 0.09),
    "pickup": Style((0.27, 0.62), (0.36, 0.58), 0.37, 0.095, 0.08),
    "van": Style((0.1, 0.99), (0.22, 0.98), 0.45, 0.075, 0.05),
    "sports": Style((0.32, 0.9), (0.5, 0.66), 0.26, 0.08, 0.035),
}


def car(rng: np.random.Generator) -> Mesh:
    """A car that drives towards −z, 1 long."""
    name = pick(rng, tuple(STYLES))
    style = STYLES[name]
    width, tall = rng.uniform(0.38, 0.45), style.tall * rng.uniform(0.92, 1.08)
    belt = style.clearance + (tall - style.clearance) * (0.7 if name == "sports" else rng.uniform(0.5, 0.6))
    radius, axles = style.wheel * rng.uniform(0.92, 1.1), (rng.uniform(0.16, 0.2), rng.uniform(0.78, 0.83))
    parts = _lower(rng, style, width, belt, radius, axles)
    if name != "sports" or chance(rng, 0.7):
        parts += _glasshouse(rng, style, width, belt, tall)
    else:
        parts += _open_top(style, width, belt, tall)
    tyre = wheel(radius, 0.085)
    parts += [tyre.moved((side * (width / 2 - 0.035), radius, z - 0.5)) for side in (-1, 1) for z in axles]
    parts += _trimmings(rng, name, style, width, belt, tall)
    if name == "pickup":
        parts += _bed(width, belt)
    return merge(parts)


def _lower(
    rng: np.random.Generator, style: Style, width: float, belt: float, radius: float, axles: tuple[float, float]
) -> list[Mesh]:
    """Everything below the belt line: a hull with arches cut over the wheels, its nose and tail sloped."""
    low, arch, reach = style.clearance, radius * 2.12, radius * 1.18
    nose, bonnet = rng.uniform(0.0, 0.025), belt - rng.uniform(0.0, 0.05)
    front, rear = axles
    tail = rng.uniform(0.0, 0.025)
    upper = [(-0.5 + nose, arch), (0.5 - tail, arch), (0.5 - tail, belt), (style.glass[0] - 0.5, belt)]
    upper += [(-0.47 + nose, bonnet), (-0.5 + nose, bonnet - 0.03)]
    slope = reach * 0.45
    blocks = [
        [
            (-0.5, low + 0.02),
            (-0.47, low),
            (front - 0.5 - reach, low),
            (front - 0.5 - reach + slope, arch),
            (-0.5 + nose, arch),
        ],
        [
            (front - 0.5 + reach, low),
            (rear - 0.5 - reach, low),
            (rear - 0.5 - reach + slope, arch),
            (front - 0.5 + reach - slope, arch),
        ],
        [
            (rear - 0.5 + reach, low),
            (0.47, low),
            (0.5, low + 0.02),
            (0.5 - tail, arch),
            (rear - 0.5 + reach - slope, arch),
        ],
    ]
    inside = box((width * 0.7, arch - low, 0.9), (0, (arch + low) / 2, 0))
    return [_soft_slab(upper, width), *(slab(block, width) for block in blocks), inside]


def _soft_slab(outline: list[tuple[float, float]], width: float) -> Mesh:
    """A side view drawn out to ``width`` with its flanks rounded off towards the edges."""
    points = np.array(outline)
    middle = points.mean(axis=0)
    rings = []
    for x, shrink in ((1.0, 0.94), (0.94, 1.0), (-0.94, 1.0), (-1.0, 0.94)):
        ring = middle + (points - middle) * (0.5 + shrink / 2, shrink)
        rings.append(np.stack([np.full(len(ring), x * width / 2), ring[:, 1], ring[:, 0]], axis=1))
    return loft(np.array(rings))


def _glasshouse(rng: np.random.Generator, style: Style, width: float, belt: float, tall: float) -> list[Mesh]:
    """Glass set back between pillars under a roof."""
    (start, end), (front, back) = style.glass, style.roof
    lean, roof = rng.uniform(0.78, 0.88), 0.022
    high = tall - belt - roof
    low_ring = _plan(start - 0.5, end - 0.5, width * 0.97, belt - 0.01)
    high_ring = _plan(front - 0.5, back - 0.5, width * lean, belt + high)
    glass = loft(np.array([low_ring, high_ring]) * (0.95, 1, 0.985))
    top = _plan(front - 0.5 + 0.02, back - 0.5 - 0.02, width * (lean - 0.06), tall)
    pillars = [rod(low, up, 0.014, sides=4) for low, up in zip(low_ring, high_ring, strict=True)]
    for fraction in (0.4, 0.7) if end - start > 0.5 else (0.5,):
        for start, end in ((0, 1), (3, 2)):
            foot = low_ring[start] * (1 - fraction) + low_ring[end] * fraction
            head = high_ring[start] * (1 - fraction) + high_ring[end] * fraction
            pillars.append(rod(foot, head, 0.011, sides=4))
    return [glass, loft(np.array([high_ring, top])), *pillars]


def _plan(front: float, back: float, width: float, y: float) -> np.ndarray:
    """A rectangle ``[4, 3]`` at height y, counter-clockwise from above, the right front corner first."""
    half = width / 2
    return np.array([(half, y, front), (half, y, back), (-half, y, back), (-half, y, front)])[::-1]


def _open_top(style: Style, width: float, belt: float, tall: float) -> list[Mesh]:
    z = style.glass[0] - 0.5 + 0.06
    screen = box((width * 0.8, (tall - belt) * 1.1, 0.015), (0, belt + tall / 2 - belt / 2, z)).turned(0, 0.0)
    rests = [box((0.1, 0.09, 0.05), (side * width * 0.22, belt + 0.035, z + 0.2)) for side in (-1, 1)]
    return [screen, *rests]


def _bed(width: float, belt: float) -> list[Mesh]:
    """The rim of a pickup's bed."""
    walls = [box((0.025, 0.05, 0.36), (side * (width / 2 - 0.02), belt + 0.02, 0.31)) for side in (-1, 1)]
    return [*walls, box((width * 0.96, 0.05, 0.02), (0, belt + 0.02, 0.485))]


def _trimmings(rng: np.random.Generator, name: str, style: Style, width: float, belt: float, tall: float) -> list[Mesh]:
    """Mirrors, lamps, bumpers; sometimes a spoiler, a spare wheel or roof bars."""
    low = style.clearance
    mirror = ball((0.022, 0.016, 0.014), (width / 2 + 0.018, belt + 0.02, style.glass[0] - 0.44), sides=8, rings=5)
    lamp = ball((0.03, 0.022, 0.02), (width * 0.37, belt - 0.07, -0.485), sides=8, rings=5)
    parts = [mirror, lamp, mirror.mirrored(0), lamp.mirrored(0)]
    parts += [box((width * 0.96, 0.035, 0.03), (0, low + 0.05, end)) for end in (-0.5, 0.5)]
    if name in ("sports", "hatchback", "saloon") and chance(rng, 0.3):
        y, z = (belt + 0.06, 0.46) if name != "hatchback" else (tall, style.roof[1] - 0.46)
        parts.append(box((width * 0.85, 0.012, 0.06), (0, y, z)))
        parts += [box((0.02, 0.06, 0.02), (s * width * 0.3, y - 0.03, z)) for s in (-1, 1)]
    if name == "off-roader" and chance(rng, 0.5):
        parts.append(wheel(0.085, 0.06, (0, 0, 0)).turned(1, np.pi / 2).moved((0, belt, 0.52)))
    if name in ("off-roader", "estate", "van") and chance(rng, 0.5):
        length = style.roof[1] - style.roof[0] - 0.06
        z = (style.roof[1] + style.roof[0]) / 2 - 0.5
        parts += [box((0.012, 0.025, length), (s * width * 0.34, tall + 0.01, z)) for s in (-1, 1)]
    return parts
