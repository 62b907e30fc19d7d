"""Motorcycles: roadsters, sports bikes, choppers, off-road bikes and scooters."""

from dataclasses import dataclass

import numpy as np

from headstart.scenes.shapes.draws import chance, pick
from headstart.scenes.shapes.mesh import Mesh, merge
from headstart.scenes.shapes.solids import ball, body, box, cylinder, point, rod, slab, torus, tube, wheel

__all__ = ["motorcycle"]


@dataclass(frozen=True)
class Style:
    """A kind of machine; lengths in units of the wheelbase.

    rake: lean of the fork, radians. bars: height of the grips over the steering head. fairing: chance of one.
    """

    rake: tuple[float, float]
    bars: tuple[float, float]
    seat: float
    tyre: float
    fairing: float


STYLES = {
    "roadster": Style((0.4, 0.5), (0.05, 0.12), 0.56, 0.055, 0.1),
    "sports": Style((0.38, 0.45), (-0.04, 0.02), 0.6, 0.06, 1.0),
    "chopper": Style((0.65, 0.85), (0.15, 0.32), 0.42, 0.065, 0.0),
    "off-road": Style((0.42, 0.52), (0.1, 0.16), 0.68, 0.05, 0.0),
    "tourer": Style((0.42, 0.52), (0.1, 0.18), 0.55, 0.06, 0.7),
}


def motorcycle(rng: np.random.Generator) -> Mesh:
    """A machine that rides towards −z, its wheels one unit apart or a little more."""
    if chance(rng, 0.2):
        return merge(_scooter(rng))
    name = pick(rng, tuple(STYLES))
    style = STYLES[name]
    radius, rake = rng.uniform(0.2, 0.25), rng.uniform(*style.rake)
    front = np.array([0, radius, -0.5 - max(0.0, rake - 0.5) * 0.6])
    head = front + (0.62 + max(0.0, rake - 0.5) * 0.4) * np.array([0, np.cos(rake), np.sin(rake)])
    parts = [
        *_wheel(rng, radius, style.tyre, front),
        *_wheel(rng, radius, style.tyre * 1.15, np.array([0, radius, 0.5])),
    ]
    parts += [*_fork(rng, front, head, style, radius), *_frame(head, radius), *_engine(rng)]
    parts += [*_saddle(rng, style, head), *_exhausts(rng, name == "off-road")]
    if chance(rng, style.fairing):
        parts += _fairing(rng, head, full=name == "sports")
    if name == "tourer":
        parts += [box((0.12, 0.2, 0.26), (side * 0.17, 0.45, 0.48)) for side in (-1, 1)]
        parts += [box((0.3, 0.2, 0.2), (0, style.seat + 0.16, 0.62))] if chance(rng, 0.6) else []
    return merge(parts)


def _wheel(rng: np.random.Generator, radius: float, tyre: float, at: np.ndarray) -> list[Mesh]:
    """A tyre with spokes, or a disc."""
    if chance(rng, 0.25):
        return [wheel(radius, tyre * 2, at, tyre=0.25, hub=0.4)]
    ring = torus(radius - tyre, tyre, width=tyre).turned(2, np.pi / 2).moved(at)
    hub = cylinder(0.045, 0.14, (0, -0.07, 0), sides=10).turned(2, np.pi / 2).moved(at)
    count, first, reach = pick(rng, (3, 5, 6, 10)), rng.uniform(0, 1), radius - tyre
    turns = first + np.arange(count) * 2 * np.pi / count
    thick = 0.03 if count < 7 else 0.01
    spokes = [rod(at, at + reach * np.array([0, np.sin(turn), np.cos(turn)]), thick, sides=4) for turn in turns]
    return [ring, hub, *spokes]


def _fork(rng: np.random.Generator, front: np.ndarray, head: np.ndarray, style: Style, radius: float) -> list[Mesh]:
    """Two legs to the front axle, handlebars, headlamp and mudguard."""
    apart = style.tyre + 0.045
    parts = [rod(front + point(s * apart, 0, 0), head + point(s * apart, 0, 0), 0.024) for s in (-1, 1)]
    lift, wide = rng.uniform(*style.bars), rng.uniform(0.24, 0.34)
    grip = head + point(0, lift, 0.12)
    bar = [grip + point(-wide, 0, 0.06), grip + point(-wide * 0.6, 0, 0), head + point(-0.05, 0, 0)]
    bar += [vertex * (-1, 1, 1) for vertex in bar[::-1]]
    parts += [tube(np.array(bar), 0.018, sides=6)]
    parts.append(ball((0.085, 0.085, 0.07), head + point(0, -0.1, -0.1), sides=10, rings=7))
    turns = np.linspace(0.3, 2.4, 7)
    guard = np.stack([turns * 0, np.sin(turns) * (radius + 0.025), -np.cos(turns) * (radius + 0.025)], axis=1) + front
    return [*parts, tube(guard, style.tyre * 0.9, sides=6)] if chance(rng, 0.8) else parts


def _frame(head: np.ndarray, radius: float) -> list[Mesh]:
    """Backbone and cradle tubes, and the swing arm."""
    pivot, rear = np.array([0, 0.26, 0.12]), np.array([0, radius, 0.5])
    parts = [tube(np.array([head, (0, 0.2, -0.22), (0, 0.16, 0.05), pivot]), 0.028, sides=6)]
    parts.append(rod(head, (0, 0.46, 0.2), 0.035, sides=6))
    arm = rod(pivot + point(0.1, 0, 0), rear + point(0.1, 0, 0), 0.024, sides=6)
    strut = rod(rear + point(0.1, 0, 0), (0.1, 0.5, 0.32), 0.02, sides=6)
    return [*parts, arm, strut, arm.mirrored(0), strut.mirrored(0)]


def _engine(rng: np.random.Generator) -> list[Mesh]:
    """A crankcase with one upright cylinder, a finned vee, or a flat twin."""
    parts = [
        box((0.2, 0.16, 0.3), (0, 0.24, -0.02)),
        cylinder(0.085, 0.24, (0, -0.12, 0)).turned(2, np.pi / 2).moved((0, 0.25, 0.04)),
    ]
    kind = pick(rng, ("one", "vee", "flat", "four"))
    barrel = merge(
        [cylinder(0.07, 0.22, sides=10), *(cylinder(0.095, 0.018, (0, y, 0), sides=10) for y in (0.06, 0.11, 0.16))]
    )
    if kind == "vee":
        return [*parts, *(barrel.turned(0, lean).moved((0, 0.28, z)) for lean, z in ((-0.4, -0.06), (0.4, 0.04)))]
    if kind == "flat":
        return [*parts, *(barrel.turned(2, side * np.pi / 2).moved((-side * 0.08, 0.26, -0.06)) for side in (-1, 1))]
    if kind == "four":
        return [*parts, box((0.36, 0.2, 0.16), (0, 0.38, -0.08)).turned(0, -0.05)]
    return [*parts, barrel.turned(0, -0.15).moved((0, 0.28, -0.04))]


def _saddle(rng: np.random.Generator, style: Style, head: np.ndarray) -> list[Mesh]:
    """Tank, seat and tail."""
    seat, tank_end = style.seat, head[2] + 0.12
    top = max(seat + 0.08, min(head[1] - 0.02, seat + 0.16))
    wide = rng.uniform(0.2, 0.28)
    tank = [(tank_end - 0.12, top - 0.04, wide * 0.6, 0.12), (tank_end, top - 0.01, wide, 0.19)]
    tank += [(tank_end + 0.16, top - 0.04, wide * 0.95, 0.17), (tank_end + 0.3, seat, wide * 0.55, 0.08)]
    parts = [body(tank, power=2.6, sides=12)]
    rise, hump = rng.uniform(0.0, 0.1), rng.uniform(0.1, 0.2)
    pad = [(tank_end + 0.24, seat, wide * 0.6, 0.08), (0.25, seat - 0.01, wide, 0.09)]
    pad += [(0.45, seat + rise, wide * 0.85, 0.1), (0.45 + hump, seat + rise + 0.03, wide * 0.4, 0.05)]
    parts += [body(pad, power=3, sides=12), slab([(0.1, 0.4), (0.4, 0.46), (0.5, seat), (0.1, seat)], 0.14)]
    if chance(rng, 0.6):
        parts.append(slab([(0.4, seat - 0.1), (0.78, seat - 0.12), (0.78, seat - 0.08), (0.4, seat)], 0.13))
    return parts


def _exhausts(rng: np.random.Generator, high: bool) -> list[Mesh]:
    rear, lift = rng.uniform(0.45, 0.75), 0.42 if high else rng.uniform(0.0, 0.12)
    thick = rng.uniform(0.03, 0.05)
    path = [(0.06, 0.32, -0.14), (0.13, 0.16, -0.1), (0.14, 0.16 + lift * 0.3, 0.1), (0.15, 0.18 + lift, rear)]
    pipe = tube(np.array(path), np.array([0.02, 0.022, thick, thick * 1.1]))
    return [pipe, pipe.mirrored(0)] if chance(rng, 0.5) else [pipe]


def _fairing(rng: np.random.Generator, head: np.ndarray, *, full: bool) -> list[Mesh]:
    """A nose cowl with a screen; full: panels down to the engine as well."""
    _, y, z = head
    nose = [(z - 0.26, y - 0.12, 0.06, 0.08), (z - 0.16, y - 0.08, 0.22, 0.22), (z + 0.02, y - 0.04, 0.3, 0.28)]
    parts = [body(nose, power=2.6, sides=12)]
    parts.append(slab([(z - 0.12, y), (z + 0.04, y + 0.02), (z + 0.06, y + rng.uniform(0.12, 0.24))], 0.2))
    if full:
        side = [(z - 0.02, y - 0.1), (-0.24, 0.16), (0.08, 0.14), (0.16, 0.3), (z + 0.24, y - 0.14)]
        parts += [slab(side, 0.03, (s * 0.14, 0, 0)) for s in (-1, 1)]
    return parts


def _scooter(rng: np.random.Generator) -> list[Mesh]:
    """Small wheels, leg shield, footboard and a body under the seat."""
    radius, wide = rng.uniform(0.13, 0.17), rng.uniform(0.22, 0.3)
    front, head = np.array([0, radius, -0.5]), np.array([0, 0.72, -0.32])
    parts = [wheel(radius, 0.11, (0, radius, z), tyre=0.4) for z in (-0.5, 0.42)]
    parts += [rod(front + point(s * 0.075, 0, 0), head + point(s * 0.03, 0, 0), 0.026) for s in (-1, 1)]
    grip = head + point(0, 0.1, 0.04)
    parts += [tube(np.array([grip + point(-0.26, 0.02, 0.08), grip, grip + point(0.26, 0.02, 0.08)]), 0.02, sides=6)]
    parts += [ball((0.09, 0.08, 0.09), grip + point(0, 0, -0.05), sides=10, rings=7), rod(head, grip, 0.04)]
    shield = slab([(-0.36, 0.2), (-0.3, 0.2), (-0.22, 0.72), (-0.32, 0.72)], wide * rng.uniform(1.1, 1.5))
    parts += [shield, box((wide, 0.06, 0.36), (0, 0.17, -0.14))]
    tail = [
        (0.0, 0.3, wide * 0.7, 0.3),
        (0.15, 0.34, wide, 0.4),
        (0.45, 0.38, wide * 0.95, 0.32),
        (0.68, 0.42, wide * 0.5, 0.16),
    ]
    seat = [
        (-0.02, 0.56, wide * 0.6, 0.06),
        (0.15, 0.57, wide * 0.85, 0.1),
        (0.5, 0.6, wide * 0.85, 0.1),
        (0.62, 0.6, wide * 0.5, 0.05),
    ]
    parts += [body(tail, power=2.6, sides=12), body(seat, power=3, sides=12)]
    turns = np.linspace(0.2, np.pi - 0.2, 7)
    guard = np.stack([turns * 0, np.sin(turns) * (radius + 0.03), -np.cos(turns) * (radius + 0.03)], axis=1) + front
    parts.append(tube(guard, 0.07, sides=6))
    if chance(rng, 0.5):
        parts.append(box((wide * 1.1, 0.2, 0.22), (0, 0.76, 0.62)))
    return parts
