"""Rotations and pose classes against the reference's."""

import json

import numpy as np
import pytest

from headstart.scenes.pose import POSES, euler_matrix, pose_class
from headstart.scenes.sampler import REST


@pytest.mark.golden
def test_pose_classes_equal_the_reference(golden):
    known = np.load(golden / "pose" / "pose_classes.npz")
    assert np.array_equal(pose_class(known["rot_mat"]), known["pose_class"])
    assert np.array_equal(pose_class(known["rot_mat"].astype(np.float32)), known["pose_class"])


@pytest.mark.golden
def test_pose_classes_at_the_boundaries_equal_the_reference(golden):
    known = np.load(golden / "pose" / "pose_classes.npz")
    rotations = np.zeros((len(known["boundary_up"]), 3, 3))
    rotations[:, :, 1] = known["boundary_up"]
    assert np.array_equal(pose_class(rotations), known["boundary_class"])


@pytest.mark.golden
def test_rotations_and_classes_of_drawn_viewpoints_equal_the_reference(golden):
    known = np.load(golden / "pose" / "viewpoint_samples.npz")
    for spread in ("0", "0.5"):
        rotations = euler_matrix(known[f"euler_{spread}"])
        np.testing.assert_allclose(rotations, known[f"rot_mat_{spread}"], atol=1e-12)
        assert np.array_equal(pose_class(rotations), known[f"class_{spread}"])


@pytest.mark.golden
@pytest.mark.parametrize("spread", ["0", "0.1", "0.25", "0.5", "1.0"])
def test_drawn_viewpoints_fall_into_classes_as_often_as_in_the_reference(golden, spread):
    known = json.loads((golden / "pose" / "viewpoint_distribution.json").read_text())
    np.testing.assert_allclose(REST, known["base_euler_xyz"])
    draws = 40_000
    angles = REST + float(spread) * np.random.default_rng(5).standard_normal((draws, 3))
    found = np.bincount(pose_class(euler_matrix(angles)), minlength=len(POSES)) / draws
    expected = np.array(known["dist"][spread]["fractions"])
    assert np.all(np.abs(found - expected) <= 4 * np.sqrt(expected * (1 - expected) / draws))


def test_at_rest_the_object_stands_upright():
    np.testing.assert_allclose(euler_matrix(REST)[:, 1], [0, 0, 1], atol=1e-12)
