"""Textures: many, distinct, tiling, in color."""

import numpy as np
import pytest

from headstart.scenes.buckets import BUCKETS
from headstart.scenes.textures import FAMILIES, SIDE, TEXTURES, make_texture


def first_of(family: str) -> int:
    return list(FAMILIES).index(family) * BUCKETS


def test_there_are_hundreds_and_all_differ():
    assert len(FAMILIES) >= 6
    assert TEXTURES >= 600
    seen = {make_texture(number)[::4, ::4].tobytes() for number in range(0, TEXTURES, 3)}
    assert len(seen) == TEXTURES / 3


@pytest.mark.parametrize("family", FAMILIES)
def test_a_texture_is_a_picture_with_contrast(family):
    for number in range(first_of(family), first_of(family) + BUCKETS):
        texture = make_texture(number)
        assert texture.shape == (SIDE, SIDE, 3)
        assert texture.dtype == np.uint8
        assert texture.std(axis=(0, 1)).max() > 5
        np.testing.assert_array_equal(texture, make_texture(number))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_texture_tiles(family):
    """Crossing the border changes no more than crossing lines inside it does."""
    for number in range(first_of(family), first_of(family) + BUCKETS):
        texture = make_texture(number).astype(float)
        for axis in (0, 1):
            steps = np.abs(np.diff(texture, axis=axis, append=texture.take([0], axis=axis))).mean(axis=(1 - axis, 2))
            assert steps[-1] <= steps[:-1].max() * 1.05 + 1
