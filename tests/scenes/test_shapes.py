"""Shapes: sound meshes, each instance another, upright, in their own buckets."""

import hashlib

import numpy as np
import pytest

from headstart.scenes.scene import Shape
from headstart.scenes.shapes import CATEGORIES, INSTANCES, build_mesh
from headstart.scenes.shapes.mesh import Mesh, merge
from headstart.scenes.shapes.solids import (
    ball,
    body,
    box,
    cylinder,
    extrude,
    frustum,
    lathe,
    panel,
    rod,
    slab,
    torus,
    tube,
    wheel,
    wing,
)


def volume(mesh: Mesh) -> float:
    """Signed: positive if the faces of a closed mesh look outwards."""
    a, b, c = (mesh.vertices[mesh.triangles[:, corner]] for corner in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def is_closed(mesh: Mesh) -> bool:
    """Whether every edge is met as often in one direction as in the other."""
    edges = np.concatenate([mesh.triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])])
    there, back = (np.sort(way @ [len(mesh.vertices), 1]) for way in (edges, edges[:, ::-1]))
    return bool(np.array_equal(there, back))


SQUARE = [(0, 0), (2, 0), (2, 1), (0, 1)]
SOLIDS = {
    "box": (box((2, 3, 4), (1, 1, 1)), 24.0),
    "cylinder": (cylinder(1, 2, sides=200), 2 * np.pi),
    "cone": (cylinder(1, 3, top=0.0, sides=200), np.pi),
    "ball": (ball((1, 2, 3), sides=100, rings=101), 8 * np.pi),
    "lathe": (lathe([(1, 0), (1, 1)], sides=200), np.pi),
    "torus": (torus(2, 0.1, sides=200), 2 * np.pi * 2 * 0.02 * np.sqrt(2)),
    "extrude": (extrude(SQUARE, 0.5), 1.0),
    "slab": (slab(SQUARE, 0.5), 1.0),
    "frustum": (frustum((2, 2), (0, 0), 3), 4.0),
    "rod": (rod((0, 0, 0), (1, 2, 2), 0.1, sides=200), 3 * np.pi * 0.01),
    "tube": (tube([(0, 0, 0), (1, 0, 0), (2, 0, 0)], 0.1, sides=200), 2 * np.pi * 0.01),
    "body": (body([(0, 0, 2, 2), (1, 0, 2, 2)], sides=200), np.pi),
    "wheel": (wheel(1, 2, tyre=0.5, hub=1.0), None),
    "panel": (panel((1, 2, 3)), None),
    "wing": (wing(1, 0.5, 0.2, sweep=0.3, rise=0.1, thick=0.1), None),
}


@pytest.mark.parametrize("name", SOLIDS)
def test_solids_are_closed_and_face_outwards(name):
    mesh, expected = SOLIDS[name]
    assert is_closed(mesh)
    assert volume(mesh) > 0
    if expected is not None:
        assert volume(mesh) == pytest.approx(expected, rel=2e-3)


def test_moving_turning_and_mirroring_keep_the_volume():
    mesh = merge([box((1, 2, 3)), cylinder(0.5, 1, (3, 0, 0))])
    for changed in (mesh.moved((1, 2, 3)), mesh.turned(0, 0.7), mesh.turned(1, 2.0), mesh.mirrored(2)):
        assert volume(changed) == pytest.approx(volume(mesh))
    np.testing.assert_allclose(
        box((1, 1, 1), (1, 0, 0)).turned(2, np.pi / 2).vertices.mean(axis=0), [0, 1, 0], atol=1e-9
    )


@pytest.mark.parametrize("category", CATEGORIES)
def test_meshes_are_sound(category):
    for instance in range(40):
        mesh = build_mesh(Shape(category, instance))
        assert mesh.vertices.dtype == np.float32
        assert mesh.triangles.dtype == np.int32
        assert np.isfinite(mesh.vertices).all()
        assert 0 <= mesh.triangles.min() < mesh.triangles.max() < len(mesh.vertices)
        low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
        np.testing.assert_allclose(high - low, (high - low) / (high - low).max(), rtol=1e-5)
        np.testing.assert_allclose(low + high, 0, atol=1e-5)
        a, b, c = (mesh.vertices[mesh.triangles[:, corner]].astype(np.float64) for corner in range(3))
        assert np.linalg.norm(np.cross(b - a, c - a), axis=1).min() > 0
        assert volume(mesh) > 0


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_thousand_instances_differ(category):
    """Not by a hair: positions are compared at 1/100 of the shape's size, 0.4 pixels of an image at 64 px."""
    seen = {geometry(build_mesh(Shape(category, instance))) for instance in range(INSTANCES)}
    assert len(seen) >= 1000


def geometry(mesh: Mesh) -> str:
    vertices = np.unique(np.round(mesh.vertices * 100).astype(np.int16), axis=0)
    return hashlib.sha256(vertices.tobytes()).hexdigest()


def test_a_mesh_depends_on_its_name_alone():
    first = build_mesh(Shape("chair", 7))
    build_mesh(Shape("chair", 8))
    again = build_mesh(Shape("chair", 7))
    np.testing.assert_array_equal(first.vertices, again.vertices)
    assert not np.array_equal(first.vertices[:8], build_mesh(Shape("lamp", 7)).vertices[:8])
