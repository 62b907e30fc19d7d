"""A backbone that tells nothing apart is found out, an untrained or trained one is not."""

import math

import pytest
import torch

from headstart.backbones import build_backbone
from headstart.data.dataset import ImageSet
from headstart.seeding import torch_generator
from headstart.training.collapse import collapsed_since, effective_rank, is_collapsed, spread

IMAGES = ImageSet(torch.randn(32, 3, 16, 16, generator=torch_generator("images")))


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
    assert spread(torch.tensor(rows)).item() == pytest.approx(expected)


def test_spread_does_not_depend_on_scale():
    features = torch.randn(20, 8, generator=torch_generator("features")) + 3
    assert spread(features * 1000).item() == pytest.approx(spread(features).item(), rel=1e-4)


def test_the_effective_rank_of_known_singular_values():
    """Equal values count in full; values of 3 and 1 are shares of 3/4 and 1/4, whose entropy is known."""
    assert effective_rank(2 * torch.eye(5)).item() == pytest.approx(5, rel=1e-4)
    entropy = 0.75 * math.log(4 / 3) + 0.25 * math.log(4)
    assert effective_rank(torch.diag(torch.tensor([3.0, 1.0]))).item() == pytest.approx(math.exp(entropy), rel=1e-4)
    assert effective_rank(torch.ones(9, 4)).item() == pytest.approx(1, abs=1e-3)
    assert effective_rank(torch.full((4, 4), math.nan)).isnan()


@pytest.mark.parametrize(
    ("spreads", "step"), [([0.5, 1e-5, 1e-5], 20), ([1e-5, 0.5], None), ([1e-5, 0.5, 1e-5], 30), ([None, 1e-9], 20)]
)
def test_a_collapse_counts_from_where_it_lasts(spreads, step):
    rows = [
        {"step": 10.0 * index} | ({} if value is None else {"feature_spread": value})
        for index, value in enumerate(spreads, start=1)
    ]
    assert collapsed_since(rows) == step
