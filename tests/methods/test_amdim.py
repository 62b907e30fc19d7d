import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.backbones import build_backbone
from headstart.errors import ConfigError
from headstart.methods import amdim, build_method
from headstart.methods.amdim import clip, draw_positions, mean_squares, nce, take_positions
from headstart.seeding import torch_generator
from headstart.testing import check_method, toy_batch, toy_images

TIGHT = {"rtol": 1e-6, "atol": 1e-7}
MAPS = [f"r{side}_x{view}" for side in (1, 5, 7) for view in (1, 2)]


def network(name="resnet9", options=None, split=False):
    return build_backbone(name, options or {"width": 2}, in_channels=3, split=split, generator=torch_generator("any"))


def method_over(backbone, **options):
    return build_method("amdim", options, backbone, images=8, generator=torch_generator("any"))


def load(path):
    return {key: torch.from_numpy(np.asarray(value)) for key, value in np.load(path).items()}


@pytest.mark.golden
def test_scores_of_one_call(golden):
    known = load(golden / "losses" / "amdim_scores.npz")
    positions = int(known["n_locs"])
    targets = known["r_trg"].T.unflatten(0, (-1, positions))
    sources, targets, tanh_clip = known["r_src"][None, None], targets[None], known["tclip"].item()
    raw = torch.einsum("bd,bld->bl", sources[0, 0], targets[0]) / 4
    torch.testing.assert_close(clip(raw, tanh_clip), known["pos_scores"], **TIGHT)
    torch.testing.assert_close(-nce(sources, targets, 0, tanh_clip)[0, 0], known["nce_scores"], **TIGHT)
    torch.testing.assert_close(amdim.PENALTY * mean_squares(sources, targets), known["lgt_reg"], **TIGHT)


@pytest.mark.golden
def test_places_are_drawn_in_the_reference_s_order(golden):
    known = load(golden / "losses" / "amdim.npz")
    positions = draw_positions(8, torch.Generator().manual_seed(99))
    for view in (0, 1):
        for axis, name in enumerate(("row", "col")):
            assert torch.equal(positions[:, view, axis], known[f"idx_{name}_x{view + 1}"])


@pytest.mark.golden
@pytest.mark.parametrize("tanh_clip", [10, 30])
def test_losses_and_gradients(golden, monkeypatch, tanh_clip):
    # The file here holds the larger of the reference's two scales, and the first image's gradients of local maps.
    known = load(golden / "losses" / "amdim.npz")
    leaves = {name: known[f"feat3_{name}"].clone().requires_grad_() for name in MAPS}
    one, five, seven = (
        torch.stack([leaves[f"r{side}_x{view}"].flatten(2).transpose(1, 2) for view in (1, 2)]) for side in (1, 5, 7)
    )
    method = method_over(network(), tanh_clip=tanh_clip)
    monkeypatch.setattr(method, "encode", lambda _: (one[:, :, 0], five, seven))
    monkeypatch.setattr(amdim, "draw_positions", lambda *_: draw_positions(8, torch.Generator().manual_seed(99)))
    result = method.step(toy_batch(toy_images(8), views=2))
    ours = torch.stack([result.metrics[name] for name in ("nce_1to5", "nce_1to7", "nce_5to5", "penalty")])
    for losses in ("losses_1t5_1t7_5t5_lgtreg", "losses_features_in_fp64"):
        torch.testing.assert_close(ours, known[f"feat3_tclip{tanh_clip}_{losses}"].float(), **TIGHT)
    torch.testing.assert_close(result.loss.detach(), ours.sum(), **TIGHT)
    result.loss.backward()
    for name in ("r1_x1", "r5_x2", "r7_x2"):
        theirs = known[f"feat3_tclip{tanh_clip}_grad_{name}"]
        torch.testing.assert_close(leaves[name].grad[: len(theirs)], theirs, rtol=1e-5, atol=1e-7)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), first=st.integers(0, 3), kinds=st.integers(1, 2))
def test_each_place_stands_against_all_places_of_the_others(seed, first, kinds):
    generator = torch_generator(seed)
    sources = torch.randn(2, kinds, 2, 6, generator=generator, dtype=torch.float64)
    targets = torch.randn(2, 5, 3, 6, generator=generator, dtype=torch.float64)
    found, squares = nce(sources, targets, first, 10.0), torch.zeros((), dtype=torch.float64)
    assert found.shape == (2, kinds, 2, 3)
    for view, kind, row in itertools.product(range(2), range(kinds), range(2)):
        raw = targets[view] @ sources[view, kind, row] / math.sqrt(6)
        scores, own = 10 * torch.tanh(raw / 10), first + row
        others = torch.cat([scores[:own], scores[own + 1 :]]).flatten()
        for position in range(3):
            expected = -F.log_softmax(torch.cat([scores[own, position][None], others]), dim=0)[0]
            torch.testing.assert_close(found[view, kind, row, position], expected)
        squares += raw.square().mean() / (2 * 2)
    torch.testing.assert_close(mean_squares(sources, targets), squares)


@pytest.mark.parametrize("tanh_clip", [2.0, 500.0])
def test_gradients_written_by_hand(tanh_clip):
    generator = torch_generator("gradients")
    sources = 4 * torch.randn(2, 2, 3, 5, generator=generator, dtype=torch.float64)
    targets = 4 * torch.randn(2, 4, 3, 5, generator=generator, dtype=torch.float64)
    inputs = sources.requires_grad_(), targets.requires_grad_()
    assert torch.autograd.gradcheck(lambda *both: nce(*both, 1, tanh_clip), inputs)
    assert torch.autograd.gradcheck(mean_squares, inputs)


def test_a_hopeless_place_costs_a_finite_number_of_nats():
    # Scores of ±1000 with a clip as wide: exp of either would leave float32.
    direction = torch.ones(1, 1, 2, 4)
    targets = torch.stack([-direction[0, 0], direction[0, 0]])[None, :, :1] * 1000.0
    assert nce(direction, targets, 0, 5000.0).isfinite().all()


def test_places_lie_in_the_map_and_are_found_again():
    positions = draw_positions(500, torch_generator("places"))
    assert positions.shape == (500, 2, 2)
    assert positions.flatten(0, 1).unique(dim=0).shape == (25, 2)
    maps = torch.randn(2, 500, 25, 3)
    taken = take_positions(maps, positions)
    for view, image in ((0, 3), (1, 499)):
        row, column = positions[image, view]
        assert torch.equal(taken[view, image], maps[view, image].view(5, 5, 3)[row, column])


def test_scores_are_float32_in_half_precision(monkeypatch):
    seen = []

    def spy(sources, targets, *rest):
        values = nce(sources, targets, *rest)
        seen.append((sources.dtype, targets.dtype, values.dtype))
        return values

    monkeypatch.setattr(amdim, "nce", spy)
    method = method_over(network())
    with torch.autocast("cpu", torch.bfloat16):
        result = method.step(toy_batch(toy_images(8), views=2))
    assert set(seen) == {(torch.float32,) * 3}
    result.loss.backward()
    assert all(parameter.grad.isfinite().all() for parameter in method.parameters())


@pytest.mark.parametrize("backbone", ["resnet50", "amdim", "vit"])
def test_contract_on_other_backbones(backbone):
    small = {
        "resnet50": {"width": 4},
        "amdim": {"width": 2, "resolution": 32},
        "vit": {"width": 12, "heads": 1, "depth": 2},
    }
    check_method("amdim", {"tanh_clip": 10}, backbone=backbone, backbone_options=small[backbone], resolution=32)


def test_it_learns_to_find_the_other_view():
    method, images = method_over(network(options={"width": 4})), toy_images(32, noise=0.1)
    optimizer = torch.optim.Adam(method.parameters(), lr=3e-3)
    losses = []
    for step in range(40):
        result = method.step(toy_batch(images, batch_size=16, views=2, shared_flip=True, step=step))
        optimizer.zero_grad()
        result.loss.backward()
        optimizer.step()
        losses.append(sum(value.item() for name, value in result.metrics.items() if name.startswith("nce")))
    assert np.mean(losses[-5:]) < 0.9 * np.mean(losses[:5])


def test_backbones_without_local_maps_are_refused():
    blind = network()
    blind.local_stages = None
    for backbone in (blind, network(split=True)):
        with pytest.raises(ConfigError, match=f"backbone '{backbone.name}' names none .* such as resnet9, resnet50"):
            method_over(backbone)


def test_a_batch_of_one_is_refused():
    with pytest.raises(ConfigError, match=r"needs at least 2 images a batch, and got 1: set pretrain\.batch_size to 2"):
        method_over(network()).step(toy_batch(toy_images(4), batch_size=1, views=2))


def test_a_wrong_option_is_refused():
    with pytest.raises(ConfigError, match="method 'amdim': key 'tanh_clip' is 0"):
        method_over(network(), tanh_clip=0)
