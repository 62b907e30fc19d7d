"""Networks of timm, where timm is installed: the contract, weights by order under other names, and the way back."""

import pytest
import torch

from headstart.backbones import BACKBONES, build_backbone
from headstart.backbones.foreign import match_tensors
from headstart.errors import ConfigError
from headstart.seeding import torch_generator
from headstart.testing import check_backbone

pytest.importorskip("timm", reason="the extra timm is not installed", exc_type=ImportError)


def built(model, **options):
    given = {"model": model, "options": options}
    return build_backbone("timm", given, in_channels=3, generator=torch_generator("timm"))


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("resnet10t", {"zero_init_last": False}),
        ("vit_tiny_patch16_224", {"depth": 2}),
        ("vit_small_patch14_reg4_dinov2", {"depth": 1}),
    ],
)
def test_contract(model, options):
    check_backbone("timm", {"model": model, "options": options})


def test_positions_are_resized_to_the_images():
    network = built("vit_tiny_patch16_224", depth=1)
    assert network(torch.zeros(2, 3, 64, 96)).dense.shape == (2, 192, 4, 6)


def test_a_network_under_other_names_is_paired_by_order():
    wanted = built("resnet10t").state_dict()
    renamed = {f"tensor{number}": value for number, value in enumerate(wanted.values())}
    found = match_tensors(wanted, renamed | {"head.weight": torch.zeros(10, 3)}, "order", "w.pth")
    assert found.share > 0.999
    assert all(torch.equal(value, wanted[name]) for name, value in found.tensors.items())


def test_a_name_that_timm_does_not_know_is_answered_with_some_that_it_does():
    with pytest.raises(ConfigError, match="timm has no network 'resnet1000': the nearest are resnet"):
        built("resnet1000")


def test_it_has_no_half_for_methods_that_need_two_networks():
    options, draws = {"model": "resnet10t"}, torch_generator("timm")
    with pytest.raises(ConfigError, match="has no half-width form"):
        build_backbone("timm", options, in_channels=3, split=True, generator=draws)
    assert not BACKBONES.traits("timm").Config.complete()
