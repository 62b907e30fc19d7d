"""Procedural textures: families of patterns that tile, in colors drawn per texture."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from headstart.scenes.buckets import BUCKETS
from headstart.seeding import numpy_generator

__all__ = ["FAMILIES", "SIDE", "TEXTURES", "make_texture"]

SIDE = 128
"""Texels per side."""
Field = NDArray[np.floating]
STEPS = ((np.arange(SIDE) + 0.5) / SIDE).astype(np.float32)
X, Y = np.meshgrid(STEPS, STEPS)


def make_texture(number: int) -> NDArray[np.uint8]:
    """Texture ``number`` of ``TEXTURES``: sRGB ``[SIDE, SIDE, 3]``; ``number % 12`` is its bucket."""
    rng = numpy_generator("texture", number)
    family = list(FAMILIES.values())[number // BUCKETS % len(FAMILIES)]
    weights = np.clip(family(rng), 0.0, 1.0)
    dark, light = _palette(rng)
    grain = 1.0 + rng.uniform(0.0, 0.12) * (_noise(rng, 32) - 0.5)
    texture = np.empty((SIDE, SIDE, 3), dtype=np.uint8)
    for channel in range(3):
        shade = (dark[channel] + weights * (light[channel] - dark[channel])) * grain
        texture[..., channel] = np.clip(shade, 0.0, 1.0) * 255.0 + 0.5
    return texture


def _palette(rng: np.random.Generator) -> tuple[Field, Field]:
    """Two related colors, the second brighter, as dyes and stones have them: rarely garish, sometimes faint."""
    base = 0.5 + rng.uniform(0.3, 1.0) * (rng.random(3) - 0.5)
    other = base + rng.uniform(0.0, 0.6) * (rng.random(3) - 0.5)
    gap = rng.uniform(0.15, 0.5)
    return np.clip(base - gap / 2, 0.02, 0.98), np.clip(other + gap / 2, 0.02, 0.98)


@lru_cache(maxsize=16)
def _spread(cells: int) -> Field:
    """Weights ``[SIDE, cells]`` that interpolate smoothly and periodically between lattice points."""
    position = STEPS * cells
    low = np.floor(position).astype(int)
    share = position - low
    share = share * share * (3 - 2 * share)
    weights = np.zeros((SIDE, cells), dtype=np.float32)
    rows = np.arange(SIDE)
    weights[rows, low % cells] += 1 - share
    weights[rows, (low + 1) % cells] += share
    return weights


def _noise(rng: np.random.Generator, cells: int) -> Field:
    """Smooth periodic noise in 0–1 on a lattice of ``cells`` per side."""
    spread = _spread(cells)
    return np.asarray(spread @ rng.random((cells, cells), dtype=np.float32) @ spread.T)


def _clouds(rng: np.random.Generator, first: int) -> Field:
    """Octaves of noise, each twice as fine and half as strong: mean about 0.5."""
    return (_noise(rng, first) + _noise(rng, first * 2) / 2 + _noise(rng, first * 4) / 4) / 1.75


def _edge(signed: Field, width: float) -> Field:
    """0 below 0, 1 above, over a ramp of ``width``."""
    return np.asarray(np.clip(signed / width + 0.5, 0.0, 1.0))


def _wave(rng: np.random.Generator, lowest: int, highest: int) -> tuple[Field, float]:
    """The phase, in turns, of a plane wave that tiles, and its turns per unit."""
    while True:
        across, along = (int(rng.integers(-highest, highest + 1)) for _ in range(2))
        count = np.hypot(across, along)
        if lowest <= count <= highest:
            return across * X + along * Y + rng.random(), float(count)


def _triangle(phase: Field) -> Field:
    """1 at whole turns, −1 half-way."""
    return np.asarray(np.abs(phase % 1.0 * 2 - 1) * 2 - 1)


def _checker(rng: np.random.Generator) -> Field:
    count = int(rng.integers(2, 9))
    product = np.sin(np.pi * 2 * (count * X + rng.random())) * np.sin(np.pi * 2 * (count * Y + rng.random()))
    return _edge(product, 0.08 * count)


def _stripes(rng: np.random.Generator) -> Field:
    phase, count = _wave(rng, 3, 14)
    return _edge(_triangle(phase) - rng.uniform(-0.5, 0.5), count / 30)


def _dots(rng: np.random.Generator) -> Field:
    count, radius = int(rng.integers(3, 10)), rng.uniform(0.2, 0.42)
    shift = 0.5 * (np.floor(Y * count) % 2) * (count % 2 == 0) * rng.integers(2)
    return _edge(radius - np.hypot((X * count + shift) % 1 - 0.5, Y * count % 1 - 0.5), count / 40)


def _blotches(rng: np.random.Generator) -> Field:
    field = _clouds(rng, int(rng.integers(3, 9)))
    return _edge(field - rng.uniform(0.42, 0.58), rng.uniform(0.03, 0.5))


def _marble(rng: np.random.Generator) -> Field:
    phase, _ = _wave(rng, 1, 4)
    veins = np.abs(np.sin(np.pi * (phase + rng.uniform(0.8, 2.0) * _clouds(rng, 3))))
    return np.asarray(veins ** rng.uniform(0.3, 1.0))


def _wood(rng: np.random.Generator) -> Field:
    count, boards = int(rng.integers(4, 12)), int(rng.integers(1, 6))
    grain = _triangle(count * X + rng.uniform(0.5, 1.5) * _noise(rng, 3) + 0.15 * _noise(rng, 16))
    seam = _edge(np.abs(X * boards % 1 - 0.5) * -1 + 0.485, 0.03) if boards > 1 else np.ones_like(X)
    return (0.5 + 0.4 * grain) * seam


def _brick(rng: np.random.Generator) -> Field:
    rows = 2 * int(rng.integers(2, 7))
    columns = max(1, rows // int(rng.integers(1, 4)))
    joint = rng.uniform(0.04, 0.1)
    u, v = X * columns + 0.5 * (np.floor(Y * rows) % 2), Y * rows
    gap = np.minimum(np.abs(u % 1 - 0.5) * -1 + 0.5, (np.abs(v % 1 - 0.5) * -1 + 0.5) * columns / rows)
    shade: Field = rng.random((rows, columns))[np.floor(v).astype(int), np.floor(u).astype(int) % columns]
    return _edge(gap - joint, columns / 64) * (0.6 + 0.4 * shade)


def _woven(rng: np.random.Generator) -> Field:
    count = 2 * int(rng.integers(2, 7))
    over = (np.floor(X * count) + np.floor(Y * count)) % 2
    warp, weft = np.sin(np.pi * (X * count % 1)), np.sin(np.pi * (Y * count % 1))
    return np.asarray(np.where(over > 0, warp, weft * rng.uniform(0.4, 0.9)) ** 0.6)


def _cells(rng: np.random.Generator) -> Field:
    """Distance to the nearest of scattered points, or the borders between their cells."""
    points = rng.random((int(rng.integers(8, 40)), 2), dtype=np.float32)
    near = second = np.full((SIDE, SIDE), 2.0, dtype=np.float32)
    for point in points:
        across, along = ((0.5 - np.abs(np.abs(STEPS - coordinate) - 0.5)) ** 2 for coordinate in point)
        square = along[:, None] + across
        second = np.minimum(second, np.maximum(near, square))
        near = np.minimum(near, square)
    near, second = np.sqrt(near), np.sqrt(second)
    scale = float(np.sqrt(len(points)))
    return _edge((second - near) * scale - 0.15, 0.12) if rng.random() < 0.5 else near * scale * 1.2


def _zigzag(rng: np.random.Generator) -> Field:
    count, waves, high = int(rng.integers(3, 10)), int(rng.integers(2, 8)), rng.uniform(0.4, 1.2)
    return _edge(_triangle(count * Y + high * 0.5 * _triangle(waves * X)), count / 16)


FAMILIES: dict[str, Callable[[np.random.Generator], Field]] = {
    "checker": _checker,
    "stripes": _stripes,
    "dots": _dots,
    "blotches": _blotches,
    "marble": _marble,
    "wood": _wood,
    "brick": _brick,
    "woven": _woven,
    "cells": _cells,
    "zigzag": _zigzag,
}
TEXTURES = BUCKETS * len(FAMILIES) * 10
"""How many textures there are, the same for every dataset."""
