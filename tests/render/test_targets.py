"""Targets per pixel: what a ray through the middle of a pixel meets, worked out again triangle by triangle."""

import numpy as np
import pytest

from headstart.render import ENGINES
from headstart.render.annotations import annotations
from headstart.render.engine import ENGINE_TARGETS, Frames
from headstart.scenes.assets import Assets
from headstart.scenes.factors import Factors
from headstart.scenes.sampler import SceneSampler
from headstart.scenes.scene import Scene
from headstart.scenes.shapes import CATEGORIES, build_mesh

SIDE = 24


@pytest.fixture(scope="module")
def engine():
    return ENGINES["warp"](Assets(), ENGINES["warp"].Config())


def sampled(count: int, objects: int) -> list[Scene]:
    sampler = SceneSampler(5, Factors().dials(), tuple(CATEGORIES), objects=objects)
    return [sampler.scene(index) for index in range(count)]


def rays(scene: Scene) -> np.ndarray:
    """Directions ``[SIDE², 3]`` whose part along the optical axis is 1."""
    steps = ((np.arange(SIDE) + 0.5) / SIDE * 2 - 1) * scene.camera.sensor / scene.camera.focal / 2
    x, y = np.meshgrid(steps, -steps)
    return np.stack([x.ravel(), y.ravel(), -np.ones(SIDE * SIDE)], axis=1) @ scene.camera.rotation.T


def nearest(eye: np.ndarray, ways: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Where each ray first meets triangles ``[T, 3, 3]`` (Möller and Trumbore, 1997), in lengths of the ray."""
    a, first, second = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossed = np.cross(ways[:, None], second[None])
        scale = 1 / np.einsum("rtk,tk->rt", crossed, first)
        u = scale * np.einsum("rtk,tk->rt", crossed, eye - a)
        turned = np.cross(eye - a, first)
        v = scale * (ways @ turned.T)
        distance = scale * np.einsum("tk,tk->t", turned, second)
        hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (distance > 0)
    return np.where(hit, distance, np.inf).min(axis=1)


def expected(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Instances and depths ``[SIDE, SIDE]``."""
    eye, ways = scene.camera.position, rays(scene)
    back = scene.background
    normal = back.rotation[:, 2]
    depths = [((back.position - eye) @ normal) / (ways @ normal)]
    for thing in scene.objects:
        mesh = build_mesh(thing.shape)
        vertices = (mesh.vertices * thing.scale) @ thing.rotation.T + thing.position
        depths.append(nearest(eye, ways, vertices[mesh.triangles]))
    stacked = np.stack(depths)
    return stacked.argmin(axis=0).reshape(SIDE, SIDE), stacked.min(axis=0).reshape(SIDE, SIDE)


@pytest.mark.parametrize("objects", [1, 5])
def test_instances_and_depths_are_those_at_the_centres_of_pixels(engine, objects):
    scenes = sampled(4, objects)
    frames = engine.render(scenes, SIDE, targets=ENGINE_TARGETS)
    assert set(frames.targets) == set(ENGINE_TARGETS)
    for scene, instance, depth in zip(scenes, frames.targets["instance"], frames.targets["depth"], strict=True):
        instances, depths = expected(scene)
        same = instance.numpy() == instances
        assert same.mean() > 0.995, "a ray that grazes an edge may go either way"
        np.testing.assert_allclose(depth.float().numpy()[same], depths[same], rtol=2e-3)


def test_targets_do_not_change_the_image(engine):
    scenes = sampled(3, 3)
    with_targets = engine.render(scenes, SIDE, targets=ENGINE_TARGETS)
    assert (with_targets.images == engine.render(scenes, SIDE).images).all()
    assert engine.render(scenes, SIDE).targets == {}


def test_where_nothing_is_met_depth_is_infinite(engine):
    scene = sampled(1, 1)[0]
    tiny = Scene(
        scene.seed,
        scene.camera,
        scene.light,
        scene.sun,
        type(scene.background)(scene.background.position, scene.background.rotation, 1e-3, scene.background.surface),
        (),
    )
    depth = engine.render([tiny], SIDE, targets=("depth",)).targets["depth"]
    assert depth.isinf().float().mean() > 0.99


def test_semantic_is_the_class_of_the_instance(engine):
    scenes = sampled(6, 4)
    classes = tuple(reversed(CATEGORIES))
    frames = engine.render(scenes, SIDE, targets=ENGINE_TARGETS)
    found = annotations(scenes, frames, classes)
    for scene, instance, semantic in zip(scenes, found["instance"], found["semantic"], strict=True):
        assert (semantic[instance == 0] == 0).all()
        for number, thing in enumerate(scene.objects, 1):
            assert (semantic[instance == number] == classes.index(thing.shape.category) + 1).all()


def test_without_instances_there_is_no_semantic():
    scenes = sampled(2, 1)
    assert "semantic" not in annotations(scenes, Frames(None, {}), tuple(CATEGORIES))
