"""Scenes: they depend on (seed, index) alone, splits share nothing, and a factor that is off is constant."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.scenes.buckets import BUCKETS, rank_in_split, split_counts, split_of
from headstart.scenes.factors import Factors
from headstart.scenes.pose import pose_class
from headstart.scenes.sampler import SceneSampler
from headstart.scenes.shapes import CATEGORIES


def sampler(factors: str = "TCVL", seed: int = 0) -> SceneSampler:
    return SceneSampler(seed, Factors.parse(factors).dials(), tuple(CATEGORIES))


def flat(scene) -> str:
    return repr(dataclasses.asdict(scene))


@given(st.integers(0, 100_000))
def test_a_scene_depends_on_seed_and_index_alone(index):
    fresh = flat(sampler().scene(index))
    used = sampler()
    used.scene(index + 1)
    assert flat(used.scene(index)) == fresh
    assert flat(sampler(seed=1).scene(index)) != fresh
    assert flat(used.scene(index + BUCKETS)) != fresh


@pytest.mark.parametrize("factors", ["--V-", "T-V-"])
def test_the_dial_of_class_color_goes_from_one_color_to_another(factors):
    def surface(share):
        dials = dataclasses.replace(Factors.parse(factors).dials(), class_color=share)
        return SceneSampler(0, dials, tuple(CATEGORIES)).scene(3).objects[0].surface

    shares = (0.3, 0.6, 1.0)
    if factors[0] == "T":
        assert [surface(share).tint for share in shares] == list(shares)
        return
    colors = np.array([surface(share).color for share in shares])
    np.testing.assert_allclose((colors[1] - colors[0]) / 0.3, (colors[2] - colors[1]) / 0.4)
    assert np.abs(colors[1] - colors[0]).max() > 0.05


@given(st.integers(0, 5000))
def test_counts_and_ranks_agree_with_the_splits(images):
    splits = [split_of(index) for index in range(images)]
    assert list(split_counts(images).values()) == [splits.count(split) for split in range(3)]
    if images:
        assert rank_in_split(images - 1) == splits[:-1].count(splits[-1])


def test_splits_share_no_shape_and_no_texture():
    shapes, textures = [set(), set(), set()], [set(), set(), set()]
    for index in range(2400):
        scene, split = sampler().scene(index), split_of(index)
        shapes[split].add(scene.objects[0].shape)
        textures[split].update((scene.objects[0].surface.texture, scene.background.surface.texture))
    for known in (shapes, textures):
        assert all(known)
        assert sum(map(len, known)) == len(set.union(*known))


def test_classes_are_balanced_in_every_split():
    drawn = [(split_of(index), sampler().category(index)) for index in range(1200)]
    for split, each in ((0, 100), (1, 10), (2, 10)):
        names = [name for where, name in drawn if where == split]
        assert {names.count(category) for category in CATEGORIES} == {each}
    assert [name for _, name in drawn[:10]] != [name for _, name in drawn[12:22]]


@pytest.mark.parametrize("index", range(24))
def test_viewpoint_off_is_one_rotation_in_class_0(index):
    rotation = sampler("TC-L").scene(index).objects[0].rotation
    np.testing.assert_array_equal(rotation, sampler("TC-L").scene(0).objects[0].rotation)
    assert pose_class(rotation) == 0


def test_viewpoint_on_spreads_the_poses():
    poses = [int(pose_class(sampler().scene(index).objects[0].rotation)) for index in range(200)]
    assert set(poses) == set(range(5))


@pytest.mark.parametrize(("factors", "directions"), [("TCV-", 1), ("TCVL", 50)])
def test_lighting_moves_the_light_on_its_circle(factors, directions):
    lights = np.array([sampler(factors).scene(index).light.position for index in range(50)])
    np.testing.assert_allclose(np.hypot(lights[:, 1], lights[:, 2]), 1.5)
    assert not lights[:, 0].any()
    assert len(np.unique(lights, axis=0)) == directions


def hues(factors: str) -> dict[str, list[np.ndarray]]:
    """Object colors by class, with their brightness and saturation taken out."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in CATEGORIES}
    for index in range(600):
        thing = sampler(factors).scene(index).objects[0]
        centred = thing.surface.color - thing.surface.color.mean()
        found[thing.shape.category].append(centred / np.linalg.norm(centred))
    return found


def test_color_off_tells_the_class_and_color_on_does_not():
    spreads = [np.linalg.norm(np.mean(colors, axis=0)) for colors in hues("----").values()]
    untold = [np.linalg.norm(np.mean(colors, axis=0)) for colors in hues("-C--").values()]
    assert min(spreads) > 0.8
    assert max(untold) < 0.4


def test_texture_and_color_set_how_much_of_each_is_seen():
    surfaces = {text: sampler(text).scene(3).objects[0].surface for text in ("----", "T---", "-C--", "TC--")}
    assert [surfaces[text].texture is not None for text in surfaces] == [False, True, False, True]
    assert [surfaces[text].tint for text in surfaces] == [1.0, 0.4, 1.0, 0.0]


def test_the_background_is_plain_only_with_color_and_texture_off():
    def colors(text: str) -> int:
        return len({tuple(sampler(text).scene(index).background.surface.color) for index in range(20)})

    assert (colors("--VL"), colors("-CVL")) == (1, 20)
    assert sampler("T---").scene(0).background.surface.tint == 0.0


def test_axes_are_warped_within_limits():
    scales = np.array([sampler().scene(index).objects[0].scale for index in range(300)]) / 0.56
    assert 0.5 <= scales.min() < scales.max() <= 1.5
    np.testing.assert_allclose(scales.std(), 0.1, rtol=0.1)
