"""What the methods that compare views, and masked modelling, do on images: they learn, and refuse what cannot work."""

from dataclasses import replace

import pytest
import torch

from headstart.backbones import build_backbone
from headstart.data.batches.loader import Loader
from headstart.data.transforms.augment import AugmentConfig
from headstart.errors import ConfigError
from headstart.methods import METHODS, build_method
from headstart.methods.projection import mlp, off_diagonal, wide
from headstart.seeding import torch_generator
from headstart.testing import toy_batch, toy_images
from headstart.training import TrainConfig, train
from headstart.training.collapse import is_collapsed

COMPARING = ["simclr", "byol", "barlow_twins", "vicreg"]


def method(name, width=4, **options):
    backbone = build_backbone("resnet9", {"width": width}, in_channels=3, generator=torch_generator("any"))
    return build_method(name, options, backbone, images=64, generator=torch_generator("any"))


@pytest.mark.parametrize("name", [*COMPARING, "simmim"])
def test_a_short_run_lowers_the_loss_without_collapse(name):
    images, learner, kind = toy_images(64), method(name), METHODS[name]
    loader = Loader(images, batch_size=32, seed=1, augment=kind.augment(AugmentConfig()), views=kind.views)
    history = train(learner, loader, TrainConfig(steps=60, batch_size=32, lr=0.003)).history
    begin, end = (sum(row["loss"] for row in rows) for rows in (history[:5], history[-5:]))
    assert end < 0.9 * begin
    assert not is_collapsed(learner.backbone, images)


@pytest.mark.parametrize("name", COMPARING)
def test_a_single_image_is_refused(name):
    with pytest.raises(ConfigError, match=f"'{name}' needs at least 2 images .* set pretrain.batch_size to 2"):
        method(name).step(toy_batch(toy_images(8), batch_size=1, views=2))


@pytest.mark.parametrize("name", [*COMPARING, "simmim"])
def test_losses_are_float32_under_autocast_and_close_to_those_without(name):
    batch, again = (toy_batch(toy_images(16), batch_size=16, views=METHODS[name].views) for _ in range(2))
    learner = method(name).eval()
    expected = learner.step(batch).loss
    with torch.autocast("cpu", torch.bfloat16):
        loss = learner.step(again).loss
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, expected, rtol=0.1, atol=0.02)


@pytest.mark.parametrize("name", ["simclr", "barlow_twins", "vicreg"])  # BYOL has to learn its predictor first.
def test_equal_views_are_closer_than_different_ones(name):
    learner, batch = method(name).eval(), toy_batch(toy_images(16), batch_size=16, views=2)
    shuffled = replace(batch, views=(batch.views[0], batch.views[1].roll(1, 0)))
    assert learner.step(replace(batch, views=2 * batch.views[:1])).loss < learner.step(shuffled).loss


def test_augmentations_of_the_papers():
    base = AugmentConfig()
    for name in COMPARING:
        assert METHODS[name].augment(base) == AugmentConfig(crop=False, cutout=False, zoom=True)
    plain = AugmentConfig(crop=False, jitter=False, grayscale=False, cutout=False, zoom=True)
    assert METHODS["simmim"].augment(base) == plain


def test_widths_grow_with_the_backbone_unless_given():
    assert [wide(None, 256, 4), wide(None, 8, 4), wide(7, 256, 4)] == [1024, 128, 7]
    assert mlp((8, 5, 5, 3))(torch.randn(4, 8)).shape == (4, 3)
    assert [type(layer).__name__ for layer in mlp((8, 5, 3))] == ["Linear", "BatchNorm1d", "ReLU", "Linear"]
    projector = method("vicreg", hidden=11, outputs=6).projector
    assert [tuple(layer.weight.shape) for layer in projector[::3]] == [(11, 16), (11, 11), (6, 11)]


def test_off_diagonal_leaves_the_rest():
    assert off_diagonal(torch.tensor([[1.0, 2.0], [3.0, 4.0]])).tolist() == [[0, 2], [3, 0]]
