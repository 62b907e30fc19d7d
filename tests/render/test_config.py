"""What may be rendered, and the sentence for everything else."""

import pytest

from headstart.errors import ConfigError
from headstart.render.config import RenderConfig
from headstart.schema import validate


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("factors", "TCX-", "key 'factors': factors 'TCX-' are not four of TCVL"),
        ("images", 11, "key 'images' is 11"),
        ("resolution", 4, "key 'resolution' is 4"),
        ("objects", 65, "key 'objects' is 65"),
        ("engine", "povray", "key 'engine': unknown engine 'povray': choose one of .*warp"),
        ("samples", 0, "key 'samples' is 0"),
        ("categories", ["car", "cart"], "unknown category 'cart'"),
        ("categories", ["car"], "at least two categories"),
        ("categories", ["car", "car"], "each once"),
        ("shard_size", 0, "key 'shard_size' is 0"),
        ("image", 12, "unknown key 'image': did you mean 'images'"),
    ],
)
def test_a_wrong_value_is_named(key, value, sentence):
    with pytest.raises(ConfigError, match=sentence):
        validate(RenderConfig, {"images": 12} | {key: value}, "render")


def test_classes_follow_the_categories():
    assert RenderConfig(images=12).classes[0] == "airplane"
    assert RenderConfig(images=12, categories=("car", "bench")).classes == ("car", "bench")
