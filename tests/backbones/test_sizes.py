import pytest
import torch
import yaml
from torch.nn.attention import SDPBackend, sdpa_kernel

from headstart.backbones import BACKBONES, build_backbone
from headstart.backbones.matching import TOLERANCE, match_parameters
from headstart.backbones.sizes import count_activations, count_parameters, outline
from headstart.catalogue import backbone_sizes
from headstart.errors import ConfigError
from headstart.seeding import torch_generator
from headstart.study.config.choices import BackboneChoice
from headstart.study.config.recipes import dump_yaml

SIZED = [name for name in BACKBONES if BACKBONES.traits(name).Config.complete()]


def parameters(name, options):
    return count_parameters(outline(build_backbone, name, options))


@pytest.mark.parametrize("other", SIZED)
@pytest.mark.parametrize("name", SIZED)
def test_matched_networks_are_of_a_size_and_no_neighbour_is_nearer(name, other):
    options = {"dilated": True} if name == "resnet9" else {}
    picked = match_parameters(name, options, other, {})
    target, found = parameters(other, {}), parameters(name, picked)
    assert abs(found - target) <= TOLERANCE * target
    step = BACKBONES[name].Config.model_validate(options).size_unit
    for width in (picked["width"] - step, picked["width"] + step):
        assert abs(parameters(name, {**options, "width": width}) - target) >= abs(found - target)
    assert picked == {**options, "width": picked["width"]}


def test_a_network_matched_to_itself_is_itself():
    assert match_parameters("resnet9", {}, "resnet9", {"width": 13}) == {"width": 13}


def test_what_cannot_be_matched_is_refused_with_the_nearest():
    with pytest.raises(
        ConfigError, match=r"'vit' cannot be matched to 'resnet9' .* within 5%: the nearest is width 36"
    ):
        match_parameters("vit", {"heads": 9}, "resnet9", {"width": 6})
    with pytest.raises(ConfigError, match=r"both match_parameters, .* and the option width=8: leave one of them out"):
        match_parameters("resnet9", {"width": 8}, "vit", {})


@pytest.mark.parametrize("other", ["vit", {"name": "vit", "options": {"depth": 2}}])
def test_a_config_shows_the_size_that_was_picked_and_reads_back(other):
    choice = BackboneChoice.model_validate({"name": "resnet9", "match_parameters": other})
    shown = yaml.safe_load(dump_yaml(choice.model_dump(mode="json")))
    assert shown == {"name": "resnet9", "options": {"width": choice.options["width"]}}
    assert BackboneChoice.model_validate(shown) == choice
    options = other["options"] if isinstance(other, dict) else {}
    assert choice.options == match_parameters("resnet9", {}, "vit", options)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("resnet8", "unknown backbone 'resnet8'"),
        (3, "backbone.match_parameters: key 'name' is 3"),
        ({"nmae": "vit"}, "unknown key 'nmae': did you mean 'name'"),
        ({"name": "vit", "options": {"width": 7}}, "must be a multiple of 4"),
    ],
)
def test_a_wrong_other_is_refused(other, said):
    with pytest.raises(ConfigError, match=said):
        BackboneChoice.model_validate({"match_parameters": other})


def test_activations_are_what_autograd_keeps_of_a_step():
    """By hand, for one convolution block of a stem: what convolution, batch norm and ReLU need of a 16 px image."""
    network = outline(build_backbone, "resnet9", {"width": 4}).stem
    network.in_channels = 3
    images, inner = 3 * 16 * 16, 4 * 16 * 16
    # The image, the convolution's output (batch norm's input), and the ReLU's output, which is in place.
    assert count_activations(network, 16) == images + 2 * inner


@pytest.mark.parametrize("name", SIZED)
def test_activations_on_the_meta_device_are_those_on_the_cpu(name):
    options = {"depth": 1, "width": 24} if name == "vit" else {"width": 4}
    network = build_backbone(name, options, in_channels=3, generator=torch_generator("any"))
    kept = [kept_on_the_cpu(network, torch.zeros(batch, 3, 64, 64)) for batch in (2, 3)]
    # The CPU's convolutions may keep a copy of a map in another layout.
    assert kept[1] - kept[0] == pytest.approx(count_activations(outline(build_backbone, name, options), 64), rel=0.05)


def kept_on_the_cpu(network, images):
    seen = {}

    def keep(tensor):
        if tensor.is_floating_point():
            seen[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with sdpa_kernel(SDPBackend.MATH), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        network(images)
    return sum(tensor.untyped_storage().nbytes() // tensor.element_size() for tensor in seen.values())


def test_four_times_the_pixels_are_four_times_the_activations():
    network = outline(build_backbone, "resnet9", {})
    assert count_activations(network, 64) == 4 * count_activations(network, 32)


def test_sizes_of_all_backbones_in_a_table():
    table = {name: cells for name, *cells in backbone_sizes(32)}
    assert sorted(table) == sorted(BACKBONES)
    assert table["resnet9"][:2] == ["6,699,328", f"{count_activations(outline(build_backbone, 'resnet9', {}), 32):,}"]
    assert table["amdim"][1] == "needs 48 px"
