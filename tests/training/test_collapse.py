"""A backbone that tells nothing apart is found out, an untrained or trained one is not."""

import pytest
import torch

from headstart.backbones import build_backbone
from headstart.seeding import torch_generator
from headstart.training.collapse import is_collapsed, spread

IMAGES = torch.randn(32, 3, 16, 16, generator=torch_generator("images"))


def network():
    return build_backbone("resnet9", {"width": 4}, in_channels=3, generator=torch_generator("network"))


def test_an_untrained_network_is_not_collapsed():
    assert not is_collapsed(network(), IMAGES)


def test_a_network_that_answers_with_its_bias_is_collapsed():
    backbone = network()
    with torch.no_grad():
        for name, weight in backbone.named_parameters():
            weight.fill_(1.0) if name.endswith("bias") else weight.mul_(1e-6)
    assert is_collapsed(backbone, IMAGES)


@pytest.mark.parametrize(("rows", "expected"), [([[2.0, 0], [2, 0]], 0.0), ([[1.0, 0], [-1, 0]], 1.0)])
def test_spread_of_rows_computed_by_hand(rows, expected):
    assert spread(torch.tensor(rows)) == pytest.approx(expected)


def test_spread_does_not_depend_on_scale():
    features = torch.randn(20, 8, generator=torch_generator("features")) + 3
    assert spread(features * 1000) == pytest.approx(spread(features), rel=1e-4)
