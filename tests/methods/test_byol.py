import copy

import pytest
import torch

from headstart.backbones import build_backbone
from headstart.methods import build_method
from headstart.methods.byol import distance, follow
from headstart.seeding import torch_generator
from headstart.testing import toy_batch, toy_images


def method(**options):
    backbone = build_backbone("resnet9", {"width": 2}, in_channels=3, generator=torch_generator("any"))
    return build_method("byol", options, backbone, images=8, generator=torch_generator("any"))


def weights(module):
    return [value.detach().clone() for value in module.parameters()]


def test_distance_equals_the_formula_row_by_row():
    one, other = torch.randn(2, 5, 3, generator=torch_generator("rows"), dtype=torch.float64)
    expected = sum((a / a.norm() - b / b.norm()).square().sum() for a, b in zip(one, other, strict=True)) / 5
    torch.testing.assert_close(distance(one, other), expected)
    assert distance(one, -3 * one).item() == pytest.approx(4)
    assert torch.autograd.gradcheck(distance, (one.requires_grad_(), other))


def test_the_target_follows_exactly():
    target, online = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    before, own = weights(target), weights(online)
    follow(target, online, 0.9)
    for now, old, new in zip(target.parameters(), before, own, strict=True):
        torch.testing.assert_close(now, 0.9 * old + 0.1 * new)
    assert all(torch.equal(now, old) for now, old in zip(online.parameters(), own, strict=True))


def test_the_target_moves_in_training_only_towards_what_the_optimiser_made():
    byol, batch = method(momentum=0.75), toy_batch(toy_images(8), views=2)
    start = weights(byol.target_backbone)
    byol.step(batch)
    assert all(torch.equal(now, old) for now, old in zip(weights(byol.target_backbone), start, strict=True))
    with torch.no_grad():
        for value in byol.backbone.parameters():
            value.add_(1)
    byol.eval().step(batch)
    assert all(torch.equal(now, old) for now, old in zip(weights(byol.target_backbone), start, strict=True))
    byol.train().step(batch)
    for now, old in zip(weights(byol.target_backbone), start, strict=True):
        torch.testing.assert_close(now, old + 0.25)


def test_the_target_gets_no_gradient_and_normalises_by_the_batch():
    byol = method()
    statistics = byol.target_backbone.stem[1].running_mean.clone()
    byol.step(toy_batch(toy_images(8), views=2)).loss.backward()
    assert all(value.grad is None for value in byol.target_backbone.parameters())
    assert all(value.grad is None for value in byol.target_projector.parameters())
    assert not torch.equal(byol.target_backbone.stem[1].running_mean, statistics)


def test_loss_is_symmetric_in_the_views():
    byol, batch = method().eval(), toy_batch(toy_images(8), views=2)
    swapped = copy.copy(batch)
    object.__setattr__(swapped, "views", batch.views[::-1])
    torch.testing.assert_close(byol.step(batch).loss, byol.step(swapped).loss)
