"""What may be rendered, and the sentence for everything else."""

import pytest

from headstart.errors import ConfigError
from headstart.render.config import RenderConfig
from headstart.schema import validate


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("factors", "TCX-", "key 'factors': factors 'TCX-' are not four of TCVL"),
        ("shapes", "caf\udce9", r"key 'shapes' is 'caf\\xe9', which is no UTF-8: rename"),
        ("images", 11, "key 'images' is 11"),
        ("resolution", 4, "key 'resolution' is 4"),
        ("objects", 65, "key 'objects' is 65"),
        ("engine", "povray", "key 'engine': unknown engine 'povray': choose one of .*warp"),
        ("samples", 0, "key 'samples' is 0"),
        ("categories", ["car", "cart"], "unknown category 'cart'"),
        ("categories", ["car"], "at least two categories"),
        ("categories", ["car", "car"], "each once"),
        ("shard_size", 0, "key 'shard_size' is 0"),
        ("targets", ["class", "deep"], "unknown target 'deep': choose one of class, depth"),
        ("dials", {"viewpoint": -1}, "key 'dials.viewpoint' is -1"),
        ("dials", {"class_color": 1.5}, "key 'dials.class_color' is 1.5"),
        ("dials", {"color": 1}, "unknown key 'dials.color': did you mean 'class_color'"),
        ("engine_options", {"gpu": 1}, "unknown key 'gpu'"),
        ("keep_materials", True, "shapes names none"),
        ("up_axis", "x", "key 'up_axis' is 'x'"),
        ("shapes", "/nowhere", "/nowhere is neither a folder nor a zip archive"),
        ("textures", "/nowhere", "/nowhere is neither a folder nor a zip archive"),
        ("image", 12, "unknown key 'image': did you mean 'images'"),
    ],
)
def test_a_wrong_value_is_named(key, value, sentence):
    with pytest.raises(ConfigError, match=sentence):
        validate(RenderConfig, {"images": 12} | {key: value}, "render")


def test_classes_follow_the_categories():
    assert RenderConfig(images=12).classes[0] == "airplane"
    assert RenderConfig(images=12, categories=("car", "bench")).classes == ("car", "bench")


def test_targets_of_one_object_and_of_several():
    assert RenderConfig(images=12).kept_targets == ("class", "pose", "rotation")
    assert RenderConfig(images=12, objects=3).kept_targets == ("semantic", "instance", "depth")
    assert RenderConfig(images=12, targets="all").kept_targets == RenderConfig(images=12).possible_targets
    with pytest.raises(ConfigError, match="unknown target 'pose': choose one of depth, instance, semantic"):
        validate(RenderConfig, {"images": 12, "objects": 2, "targets": ["pose"]}, "render")


def test_dials_take_the_place_of_what_the_factors_say():
    dials = RenderConfig(images=12, factors="----", dials={"viewpoint": 0.2, "scale": 0.3}).sampler().dials
    assert (dials.viewpoint, dials.scale, dials.lighting, dials.textured) == (0.2, 0.3, 0.0, False)
