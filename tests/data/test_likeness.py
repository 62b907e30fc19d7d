"""Pictures that are the same, or nearly so, are found; those that only look alike to a hash are not."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_digits

from headstart.data.viewing import likeness
from headstart.data.viewing.likeness import Likeness

RANDOM = np.random.default_rng(0)


def scenes(count, channels=3, side=48):
    """Smooth pictures that are all different, each with a tint of its own."""
    gray, tint = RANDOM.integers(40, 216, (count, 1, 5, 5)), RANDOM.integers(-40, 40, (count, channels, 1, 1))
    coarse = (gray + tint).astype(np.uint8)
    return np.stack([np.stack([np.array(Image.fromarray(p).resize((side, side))) for p in one]) for one in coarse])


def twins(*parts):
    known = Likeness()
    for part in parts:
        known.add(part)
    return known.twins()


def saved_again(image, quality, side):
    buffer = io.BytesIO()
    Image.fromarray(image.transpose(1, 2, 0)).resize((side, side)).save(buffer, "JPEG", quality=quality)
    return np.array(Image.open(buffer).resize(image.shape[1:])).transpose(2, 0, 1)


@pytest.mark.parametrize(("quality", "side"), [(90, 48), (60, 48), (90, 24)])
def test_what_was_compressed_or_scaled_is_found(quality, side):
    images = scenes(100)
    found = twins(images, np.stack([saved_again(image, quality, side) for image in images]))
    assert found.family[100:].tolist() == list(range(100))
    assert (found.identical, found.near) == (0, 100)


def test_copies_are_identical_and_told_by_split():
    images = scenes(30)
    found = twins(images, images[[3, 3, 7]])
    assert (found.identical, found.near) == (3, 0)
    splits = np.array([0] * 30 + [0, 1, 2], dtype=np.uint8)
    assert np.flatnonzero(found.differing(splits)).tolist() == [3, 7, 30, 31, 32]
    assert np.flatnonzero(found.leaked(splits)).tolist() == [3, 7, 30]


def test_digits_of_eight_pixels_are_all_different():
    digits = (load_digits().images * 15.9).astype(np.uint8)[:, None]
    found = twins(digits)
    assert (found.identical, found.near) == (0, 0)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_flat_pictures_are_alike_only_where_they_are_equal(dtype):
    levels = np.array([10, 10, 11, 200], dtype=dtype)
    found = twins(np.broadcast_to(levels[:, None, None, None], (4, 1, 8, 8)))
    assert found.family.tolist() == [0, 0, 2, 3]


def test_the_same_gray_in_other_colors_is_another_picture():
    (image,) = scenes(1)
    found = twins(np.stack([image, image[[1, 2, 0]]]))
    assert (found.identical, found.near) == (0, 0)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, likeness.NEAREST), st.floats(0, 12))
def test_the_tree_finds_what_a_comparison_of_all_with_all_finds(seed, count, noise):
    random = np.random.default_rng(seed)
    base = random.integers(0, 200, (max(1, count // 3), 2, 9, 7))
    images = base[random.integers(0, len(base), count)] + random.normal(0, noise, (count, 2, 9, 7))
    images = images.clip(0, 255).astype(np.float32)
    thumbnails = likeness._thumbnails(images)
    apart = np.sqrt(np.square(thumbnails[:, None] - thumbnails[None]).mean(axis=(2, 3, 4)))
    contrast = thumbnails.std(axis=(1, 2, 3))
    alike = apart <= likeness.TOLERANCE * np.minimum(contrast[:, None], contrast[None])
    for _ in range(count):
        alike |= (alike.astype(int) @ alike) > 0
    assert twins(images).family.tolist() == alike.argmax(axis=1).tolist()


def test_many_of_one_kind_are_linked_in_one_family():
    (image,) = scenes(1, side=16)
    images = image + RANDOM.normal(0, 0.5, (200, *image.shape)).astype(np.float32)
    assert len(np.unique(twins(images.astype(np.float32)).family)) <= 2


@pytest.mark.parametrize("place", [0, 20], ids=["first", "last"])
def test_a_frame_beside_a_whole_film_is_found_wherever_it_stands(place):
    """More frames than are looked at are nearer to each other than to it, so that none of them finds it."""
    (image,) = scenes(1, side=16).astype(np.float32)
    random = np.random.default_rng(1)
    film = image + random.normal(0, 0.1, (20, *image.shape)).astype(np.float32)
    apart = random.normal(0, 0.06 * image.std(), image.shape).astype(np.float32)
    splits = np.insert(np.zeros(20, np.uint8), place, 2)
    assert twins(np.insert(film, place, image + apart, axis=0)).leaked(splits).sum() == 20
