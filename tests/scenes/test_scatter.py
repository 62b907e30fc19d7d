"""Several objects in one scene: in view, apart from each other, and fewer rather than one inside another."""

from itertools import combinations

import numpy as np
import pytest

from headstart.scenes.factors import Factors
from headstart.scenes.pose import euler_matrix
from headstart.scenes.sampler import SceneSampler
from headstart.scenes.scatter import boxes_meet
from headstart.scenes.shapes import CATEGORIES

STRAIGHT, HALF = np.eye(3), np.full(3, 0.5)
TURNED = euler_matrix(np.array([0.0, 0.0, np.pi / 4]))


def sampler(objects: int) -> SceneSampler:
    return SceneSampler(0, Factors().dials(), tuple(CATEGORIES), objects=objects)


@pytest.mark.parametrize(
    ("turn", "apart", "meet"),
    [(STRAIGHT, 0.99, True), (STRAIGHT, 1.01, False), (TURNED, 1.2, True), (TURNED, 1.22, False)],
)
def test_boxes_meet_as_far_as_their_sides_or_corners_reach(turn, apart, meet):
    one, other = (np.zeros(3), STRAIGHT, HALF), (np.array([apart, 0.0, 0.0]), turn, HALF)
    assert boxes_meet(one, other) is meet
    assert boxes_meet(other, one) is meet


def test_objects_of_a_scene_are_apart_and_in_front_of_the_camera():
    for index in range(50):
        scene = sampler(4).scene(index)
        assert len(scene.objects) == 4
        boxes = [(thing.position, thing.rotation, thing.scale / 2) for thing in scene.objects]
        assert not any(boxes_meet(one, other) for one, other in combinations(boxes, 2))
        for thing in scene.objects:
            x, y, z = scene.camera.rotation.T @ (thing.position - scene.camera.position)
            assert z < 0
            assert max(abs(x), abs(y)) / -z < scene.camera.sensor / scene.camera.focal / 2


def test_what_finds_no_room_is_left_out():
    placed = [len(sampler(64).scene(index).objects) for index in range(3)]
    assert all(4 < count < 64 for count in placed)
