import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from headstart.backbones import BACKBONES, ResNet9Config, build_backbone, load_weights, save_weights, seeded_init
from headstart.backbones.vit import positions
from headstart.errors import CheckpointError, ConfigError
from headstart.seeding import torch_generator
from headstart.testing import check_backbone
from headstart.testing.toys import same_state

SMALL = {
    "resnet9": {"width": 4},
    "resnet50": {"width": 4},
    "amdim": {"width": 4},
    "vit": {"width": 24, "depth": 2},
}
SIZED = [name for name in BACKBONES if BACKBONES.traits(name).Config.complete()]
VARIANTS = [
    ("resnet9", {"width": 4, "dilated": True}),
    ("resnet50", {"width": 4, "dilated": True, "features": 32}),
    ("resnet50", {"width": 4, "zero_init": False}),
    ("amdim", {"width": 4, "resolution": 32}),
    ("amdim", {"width": 4, "resolution": 128, "depth": 1}),
    ("vit", {"width": 16, "heads": 4, "depth": 1, "patch": 4}),
]


def resnet9(width=4, *, channels=3, split=False, seed=0):
    generator = torch_generator(seed)
    return build_backbone("resnet9", {"width": width}, in_channels=channels, split=split, generator=generator)


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("name", SIZED)
def test_contract(name, split):
    check_backbone(name, SMALL.get(name), split=split)


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_contract_of_variants(name, options, split):
    check_backbone(name, options, split=split)


@pytest.mark.parametrize("resolution", [48, 64, 96, 128])
@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("name", SIZED)
def test_every_resolution_gives_the_features_that_are_promised(name, split, resolution):
    with torch.device("meta"):
        network = build_backbone(name, {}, in_channels=3, split=split, generator=torch.Generator("cpu"))
        features = network(torch.zeros(2, 3, resolution, resolution))
    assert features.pooled.shape == (2, network.dim)
    assert tuple(stage.shape[1] for stage in features.stages) == network.stage_channels
    if not split:
        seven, five = network.local_stages
        assert features.stages[seven].shape[-1] >= features.stages[five].shape[-1] >= features.dense.shape[-1]


@pytest.mark.parametrize("name", ["resnet9", "resnet50"])
def test_dilation_keeps_the_resolution_of_the_stage_before_and_the_number_of_parameters(name):
    plain, dilated = (
        build_backbone(name, SMALL[name] | {"dilated": on}, in_channels=3, generator=torch_generator("any"))
        for on in (False, True)
    )
    images = torch.zeros(2, 3, 32, 32)
    assert plain(images).dense.shape[-1] * 2 == dilated(images).dense.shape[-1]
    assert same_state(plain.state_dict(), dilated.state_dict())


def test_a_dilated_network_sees_what_the_strided_one_sees_and_more_often():
    """Where both have a location, the dilated network's taps lie on the strided one's, so their features agree."""
    maps = []
    for dilated in (False, True):
        options = {"width": 4, "dilated": dilated, "zero_init": False}
        network = build_backbone("resnet50", options, in_channels=3, generator=torch_generator("any")).eval()
        with torch.no_grad():
            maps.append(network(torch.randn(1, 3, 64, 64, generator=torch_generator("image"))).dense)
    torch.testing.assert_close(maps[0], maps[1][:, :, ::2, ::2])


@pytest.mark.parametrize("zero_init", [True, False])
def test_blocks_begin_as_their_shortcuts_where_that_is_asked(zero_init):
    options = {"width": 4, "zero_init": zero_init}
    network = build_backbone("resnet50", options, in_channels=3, generator=torch_generator("any"))
    maps = network.stem(torch.randn(2, 3, 16, 16, generator=torch_generator("image")))
    block = network.blocks[0]
    assert torch.equal(block(maps), block.shortcut(maps).relu()) == zero_init


def test_positions_of_tokens_differ_and_their_distance_depends_on_the_offset_alone():
    encoding = positions(6, 5, 32, torch.zeros(1, dtype=torch.float64)).view(6, 5, 32)
    assert encoding.square().sum(dim=2) == pytest.approx(16, rel=1e-6)
    similarity = (encoding.view(30, 32) @ encoding.view(30, 32).T).view(6, 5, 6, 5)
    assert similarity[0, 0, 2, 1] == pytest.approx(float(similarity[3, 3, 5, 4]), rel=1e-5)
    assert torch.equal(similarity.view(30, 30).argmax(dim=1), torch.arange(30))


def test_a_transformer_s_features_follow_its_patches():
    network = build_backbone("vit", SMALL["vit"], in_channels=3, generator=torch_generator("any")).eval()
    images = torch.randn(1, 3, 32, 32, generator=torch_generator("images"))
    changed = images.clone()
    changed[:, :, 8:16, 24:] += 1
    before, after = (network(x).stages[0] for x in (images, changed))
    moved = (before != after).any(dim=1)[0]
    assert moved.nonzero().tolist() == [[1, 3]]


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
        ("resnet8", {}, 3, False, "unknown backbone 'resnet8': choose one of amdim, resnet50, resnet9, timm, vit"),
        ("resnet9", {"widht": 8}, 3, False, "backbone 'resnet9': unknown key 'widht': did you mean 'width'"),
        ("resnet9", {"width": 0}, 3, False, "key 'width' is 0"),
        ("resnet9", {}, 1, True, "one channel cannot be split"),
        (
            "vit",
            {"width": 100, "heads": 3},
            3,
            False,
            r"width is 100 and must be .* of heads \(3\): take 96",
        ),
        ("vit", {"width": 12, "heads": 3}, 3, True, r"half of backbone 'vit'.*width is 6 and must be a multiple of 4"),
        ("amdim", {"resolution": 48}, 3, False, "key 'resolution' is 48: input should be 32, 64 or 128"),
    ],
)
def test_wrong_choices_are_refused(name, options, channels, split, said):
    with pytest.raises(ConfigError, match=said):
        build_backbone(name, options, in_channels=channels, split=split, generator=torch_generator("any"))


def test_too_small_images_are_refused_by_size():
    with pytest.raises(ConfigError, match=r"resolution 6 is too small for backbone 'resnet9': use .* at least 8 px"):
        resnet9()(torch.zeros(1, 3, 16, 6))


@pytest.mark.parametrize(
    ("name", "resolution", "said"),
    [
        ("resnet50", 15, "resolution 15 is too small for backbone 'resnet50': use images of at least 16 px"),
        ("amdim", 47, "at least 48 px, or its option 'resolution' set to that of the images"),
        ("vit", 12, "resolution 12 is too small for backbone 'vit': use images of at least 16 px"),
        ("vit", 28, "resolution 28 is no multiple of 8, the patch of backbone 'vit': .* such as 4"),
    ],
)
def test_backbones_too_deep_for_the_resolution_are_refused(name, resolution, said):
    for split in (False, True):
        network = build_backbone(name, SMALL[name], in_channels=3, split=split, generator=torch_generator("any"))
        with pytest.raises(ConfigError, match=said):
            network.check_input(3, resolution)
        with pytest.raises(ConfigError, match=said):
            network(torch.zeros(1, 3, resolution, resolution))


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
