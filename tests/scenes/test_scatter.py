"""Several objects in one scene: in view, apart from each other, and fewer rather than one inside another."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.scenes.factors import Factors
from headstart.scenes.pose import euler_matrix
from headstart.scenes.sampler import SceneSampler
from headstart.scenes.scatter import Boxes, meeting
from headstart.scenes.scene import SceneObject, Shape, Surface
from headstart.scenes.shapes import CATEGORIES

STRAIGHT = np.eye(3)
TURNED = euler_matrix(np.array([0.0, 0.0, np.pi / 4]))


def sampler(objects: int) -> SceneSampler:
    return SceneSampler(0, Factors().dials(), tuple(CATEGORIES), objects=objects)


@pytest.mark.parametrize(
    ("turn", "apart", "meet"),
    [(STRAIGHT, 0.99, True), (STRAIGHT, 1.01, False), (TURNED, 1.2, True), (TURNED, 1.22, False)],
)
def test_boxes_meet_as_far_as_their_sides_or_corners_reach(turn, apart, meet):
    cube, away = thing(STRAIGHT), np.array([[apart, 0.0, 0.0], [9.0, 0.0, 0.0], [-apart, 0.0, 0.0]])
    assert meeting(thing(turn), away, Boxes.of([cube])).tolist() == [meet, False, meet]
    far = replace(cube, position=np.array([0.0, 9.0, 0.0]))
    assert meeting(thing(turn), away, Boxes.of([far, cube])).tolist() == [meet, False, meet]


def test_edges_that_cross_keep_boxes_apart_where_no_face_does():
    """Two bars, edge above edge: only the cross product of those edges tells that they are apart."""
    bar = replace(thing(euler_matrix(np.array([np.pi / 4, 0.0, 0.0]))), scale=np.array([8.0, 1.0, 1.0]))
    other = replace(thing(euler_matrix(np.array([0.0, np.pi / 4, 0.0]))), scale=np.array([1.0, 8.0, 1.0]))
    above = np.array([[0.0, 0.0, 1.42], [0.0, 0.0, 1.40]])
    assert meeting(bar, above, Boxes.of([other])).tolist() == [False, True]


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_boxes_that_share_a_sampled_point_are_found_to_meet(seed):
    rng = np.random.default_rng(seed)
    one, other = (replace(thing(euler_matrix(rng.normal(size=3))), scale=rng.uniform(0.2, 2, 3)) for _ in range(2))
    position = rng.uniform(-1, 1, 3)
    points = (rng.uniform(-0.5, 0.5, (4000, 3)) * one.scale) @ one.rotation.T + position
    inside = (np.abs(points @ other.rotation) <= other.scale / 2).all(axis=1)
    if inside.any():
        assert meeting(one, position[None], Boxes.of([other])).all()


def thing(turn) -> SceneObject:
    """A cube of side 1 in the origin."""
    return SceneObject(Shape("car", 0), turn, np.ones(3), np.zeros(3), Surface(np.zeros(3)))


def test_objects_of_a_scene_are_apart_and_in_front_of_the_camera():
    for index in range(50):
        scene = sampler(4).scene(index)
        assert len(scene.objects) == 4
        for number, one in enumerate(scene.objects):
            assert not meeting(one, one.position[None], Boxes.of(scene.objects[:number])).any()
            x, y, z = scene.camera.rotation.T @ (one.position - scene.camera.position)
            assert z < 0
            assert max(abs(x), abs(y)) / -z < scene.camera.sensor / scene.camera.focal / 2


def test_what_finds_no_room_is_left_out():
    counts = [len(sampler(64).scene(index).objects) for index in range(3)]
    assert all(4 < count < 64 for count in counts)


def test_a_factor_changes_neither_which_objects_there_are_nor_where_they_stand_unless_they_would_meet():
    easy, hard = (
        SceneSampler(0, Factors.parse(text).dials(), tuple(CATEGORIES), objects=3) for text in ("----", "TC--")
    )
    for index in range(10):
        pairs = zip(easy.scene(index).objects, hard.scene(index).objects, strict=True)
        assert all(one.shape == other.shape and (one.position == other.position).all() for one, other in pairs)
