"""The fast engine against the reference, on scenes with all factors, at 128 pixels."""

import pytest

from headstart.render import ENGINES
from headstart.render.blender.agreement import compare_objects, compare_scenes
from headstart.render.config import RenderConfig
from headstart.render.engine import ENGINE_TARGETS

pytestmark = pytest.mark.blender
SCENES, LARGE = 20, 200


@pytest.fixture(scope="module", params=[1, 4])
def agreement(request):
    config = RenderConfig(factors="TCVL", images=12, objects=request.param, resolution=128)
    scenes = [config.sampler().scene(index) for index in range(SCENES)]
    frames = []
    for kind in (ENGINES["warp"], ENGINES["blender"]):
        missing = kind.missing(kind.Config())
        if missing:
            pytest.skip(missing)
        frames.append(kind(config.assets(), kind.Config()).render(scenes, 128, targets=ENGINE_TARGETS))
    return compare_objects(*frames), compare_scenes(scenes, *frames, config.classes)


def test_masks_agree(agreement):
    objects, _ = agreement
    assert len(objects) >= SCENES
    assert objects.iou.mean() >= 0.97
    assert objects[objects.pixels > LARGE].iou.min() >= 0.9


def test_classes_are_equal(agreement):
    _, scenes = agreement
    assert scenes.wrong_classes.sum() == 0
    assert scenes.same_objects.all()


def test_depth_agrees(agreement):
    _, scenes = agreement
    assert scenes.depth_error.max() < 0.01


def test_pictures_look_alike(agreement):
    _, scenes = agreement
    assert scenes.correlation.min() > 0.9
