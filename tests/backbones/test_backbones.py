import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from headstart.backbones import BACKBONES, ResNet9Config, build_backbone, load_weights, save_weights, seeded_init
from headstart.errors import CheckpointError, ConfigError
from headstart.seeding import torch_generator
from headstart.testing import check_backbone

SMALL = {"resnet9": {"width": 4}}


def resnet9(width=4, *, channels=3, split=False, seed=0):
    generator = torch_generator(seed)
    return build_backbone("resnet9", {"width": width}, in_channels=channels, split=split, generator=generator)


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("name", BACKBONES)
def test_contract(name, split):
    check_backbone(name, SMALL.get(name), split=split)


@given(width=st.integers(1, 9), half=st.booleans(), features=st.none() | st.integers(1, 40))
def test_resnet9_of_any_width_says_its_size(width, half, features):
    options = {"width": width, "half": half, "features": features}
    network = build_backbone("resnet9", options, in_channels=2, generator=torch_generator("any")).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 2, 8, 8)).pooled.shape == (1, network.dim)
    assert network.dim == (features or (2 if half else 4) * width)


def test_halving_keeps_the_size_of_the_concatenated_features():
    assert 2 * ResNet9Config(width=64).halved().dim == ResNet9Config(width=64).dim
    assert resnet9(8, split=True).dim == resnet9(8).dim


def test_odd_resolutions_are_taken():
    assert resnet9()(torch.zeros(2, 3, 27, 19)).dense.shape == (2, 16, 3, 2)


@pytest.mark.parametrize(
    ("name", "options", "channels", "split", "said"),
    [
        ("resnet8", {}, 3, False, "unknown backbone 'resnet8': choose one of resnet9"),
        ("resnet9", {"widht": 8}, 3, False, "backbone 'resnet9': unknown key 'widht': did you mean 'width'"),
        ("resnet9", {"width": 0}, 3, False, "key 'width' is 0"),
        ("resnet9", {}, 1, True, "one channel cannot be split"),
    ],
)
def test_wrong_choices_are_refused(name, options, channels, split, said):
    with pytest.raises(ConfigError, match=said):
        build_backbone(name, options, in_channels=channels, split=split, generator=torch_generator("any"))


def test_too_small_images_are_refused_by_size():
    with pytest.raises(ConfigError, match=r"resolution 6 is too small for backbone 'resnet9': use .* at least 8 px"):
        resnet9()(torch.zeros(1, 3, 16, 6))


def test_initialisation_leaves_the_global_stream_alone():
    before = torch.get_rng_state()
    with seeded_init(torch_generator("a")):
        first = torch.nn.Linear(3, 3)
    with seeded_init(torch_generator("a")):
        again = torch.nn.Linear(3, 3)
    assert torch.equal(first.weight, again.weight)
    assert torch.equal(before, torch.get_rng_state())


def test_weights_of_another_network_are_refused_by_the_first_difference(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_weights(resnet9(4), path)
    with pytest.raises(
        CheckpointError, match=r"weights.safetensors.*'stem.0.weight' is \[4, 3, 3, 3\] there and \[8, 3"
    ):
        load_weights(resnet9(8), path)
    with pytest.raises(CheckpointError, match=r"it lacks 'lightness.stem.0.weight'"):
        load_weights(resnet9(4, split=True), path)
    assert list(tmp_path.iterdir()) == [path]


def test_surplus_weights_are_refused(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_weights(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)), path)
    with pytest.raises(CheckpointError, match=r"it holds '1.bias', which this network lacks"):
        load_weights(torch.nn.Sequential(torch.nn.Linear(2, 2)), path)


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(path.read_bytes()[:100]), lambda path: path.unlink()])
def test_unreadable_weights_are_named(tmp_path, damage):
    path = tmp_path / "weights.safetensors"
    save_weights(resnet9(), path)
    damage(path)
    with pytest.raises(CheckpointError, match=r"cannot read weights from .*weights\.safetensors"):
        load_weights(resnet9(), path)
