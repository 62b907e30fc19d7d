import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.backbones import build_backbone
from headstart.errors import ConfigError
from headstart.methods import build_method
from headstart.methods.simmim import draw_masks, masked_errors, pixels_per_location, visible_mean
from headstart.seeding import torch_generator
from headstart.testing import toy_batch, toy_images
from headstart.testing.toys import untrained_parameters

SMALL = {
    "resnet9": {"width": 2},
    "resnet50": {"width": 4},
    "amdim": {"width": 4, "resolution": 32, "depth": 1},
    "vit": {"width": 8, "heads": 2, "depth": 1},
}


def method(backbone="resnet9", *, split=False, **options):
    network = build_backbone(backbone, SMALL[backbone], in_channels=3, split=split, generator=torch_generator("any"))
    return build_method("simmim", options, network, images=8, generator=torch_generator("any"))


@settings(max_examples=40)
@given(batch=st.integers(1, 9), patches=st.integers(2, 70), ratio=st.floats(0.01, 0.99), seed=st.integers(0, 2**32))
def test_every_image_hides_the_same_share(batch, patches, ratio, seed):
    hidden = draw_masks(batch, patches, ratio, torch_generator(seed)).sum(dim=1)
    assert (hidden == hidden[0]).all()
    assert abs(hidden[0] - ratio * patches) <= 1
    assert 1 <= hidden[0] < patches


def test_masks_are_drawn_from_the_generator_and_differ_between_images():
    first, again, other = (draw_masks(50, 16, 0.6, torch_generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert len(first.unique(dim=0)) > 45
    often = draw_masks(2000, 16, 0.6, torch_generator(2)).float().mean(dim=0)
    # Ten of 16 are hidden; a share of 2000 deviates by 0.011.
    assert (often - 0.625).abs().max() < 0.05


def test_errors_count_hidden_pixels_alone():
    images = torch.zeros(1, 2, 2, 2)
    painted = torch.tensor([[[[1.0, 50.0], [3.0, 50.0]], [[-2.0, 50.0], [0.0, 50.0]]]])
    hidden = torch.tensor([[[[True, False], [True, False]]]])
    assert masked_errors(painted, images, hidden).tolist() == [(1 + 3 + 2) / 4]
    assert visible_mean(painted, hidden).flatten().tolist() == [50, 50]
    painted.requires_grad_()
    masked_errors(painted, images, hidden).sum().backward()
    assert torch.equal(painted.grad != 0, hidden & (painted != 0))


def test_what_is_hidden_cannot_be_seen():
    simmim, batch = method().eval(), toy_batch(toy_images(8))
    seen = []
    batch.generator.manual_seed(0)
    simmim.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    simmim.step(batch)
    batch.generator.manual_seed(0)
    hidden = simmim._hidden(batch)
    assert torch.equal(seen[0], batch.views[0].masked_fill(hidden, 0))
    blocks = hidden.float().unfold(2, 8, 8).unfold(3, 8, 8).flatten(4)
    assert torch.equal(blocks.amin(dim=4), blocks.amax(dim=4))


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize(("backbone", "side"), [("resnet9", 8), ("resnet50", 16), ("vit", 8), ("amdim", None)])
def test_every_backbone_can_paint(backbone, side, split):
    simmim = method(backbone, split=split)
    assert simmim.training
    assert simmim.backbone.training
    if side:
        assert simmim.side == pixels_per_location(simmim.backbone) == side
    for resolution in (32, 64):
        batch = toy_batch(toy_images(8, resolution=resolution), batch_size=4)
        result = simmim.step(batch)
        assert torch.isfinite(result.loss)
        assert result.metrics["gain_over_mean"] < 1
    assert not untrained_parameters(simmim, lambda number: simmim.step(batch).loss)


@pytest.mark.parametrize(
    ("resolution", "patch", "fits"), [(36, 8, 6), (16, 16, 8), (16, 32, 8), (48, 32, 24), (17, 8, 1)]
)
def test_patches_that_do_not_fit_are_refused(resolution, patch, fits):
    with pytest.raises(ConfigError, match=f"{resolution} px into .* of {patch} px .* such as {fits}$"):
        method(patch=patch).step(toy_batch(toy_images(8, resolution=resolution)))
