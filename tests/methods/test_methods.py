import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.backbones import build_backbone
from headstart.data.transforms.augment import AugmentConfig
from headstart.errors import ConfigError
from headstart.methods import CMC, METHODS, Rotation, build_method, cmc
from headstart.methods.cmc import contrast, init_memory, nce_loss, update_memory
from headstart.methods.rotation import quarter_turns, rotate
from headstart.seeding import torch_generator
from headstart.testing import check_method, toy_batch, toy_images

TIGHT = {"rtol": 1e-5, "atol": 2e-6}


def split_backbone(width=2):
    return build_backbone("resnet9", {"width": width}, in_channels=3, split=True, generator=torch_generator("any"))


@pytest.mark.parametrize("name", METHODS)
def test_contract(name):
    check_method(name)


def test_a_wrong_option_is_refused():
    with pytest.raises(ConfigError, match="method 'cmc': unknown key 'negative': did you mean 'negatives'"):
        build_method("cmc", {"negative": 5}, split_backbone(), images=8, generator=torch_generator("any"))


@pytest.mark.golden
def test_rotation_of_images(golden):
    known = {key: torch.from_numpy(value) for key, value in np.load(golden / "losses" / "rotate.npz").items()}
    for turns in range(4):
        assert torch.equal(rotate(known["x"], torch.full((2,), turns)), known[f"choice{turns}"])
    assert torch.equal(rotate(known["batch_in"], known["batch_rot_label"]), known["batch_rotated"])


@pytest.mark.golden
def test_rotation_loss_and_accuracy(golden, monkeypatch):
    known = {key: torch.from_numpy(value) for key, value in np.load(golden / "losses" / "rotate.npz").items()}
    backbone = build_backbone("resnet9", {"width": 2}, in_channels=3, generator=torch_generator("any"))
    method = build_method("rotation", {}, backbone, images=12, generator=torch_generator("any"))
    monkeypatch.setattr("headstart.methods.rotation.quarter_turns", lambda *_: known["batch_rot_label"])
    monkeypatch.setattr(method.head, "forward", lambda _: known["rot_logits"])
    result = method.step(toy_batch(toy_images(12), batch_size=12))
    torch.testing.assert_close(result.loss.double(), known["loss_rotate"])
    torch.testing.assert_close(result.metrics["rotation_accuracy"].double(), known["acc_rotate"])


@given(batch=st.integers(1, 67), seed=st.integers(0, 2**32))
def test_turns_come_in_equal_shares(batch, seed):
    counts = torch.bincount(quarter_turns(batch, torch_generator(seed)), minlength=4)
    assert counts.sum() == batch
    assert counts.max() - counts.min() <= 1


def test_turns_are_not_tied_to_the_place_in_the_batch():
    turns = torch.stack([quarter_turns(8, torch_generator(step)) for step in range(400)])
    # Each of 4 turns has odds 1/4 at each place: 100 of 400 with a deviation of 8.7.
    assert all(torch.bincount(column, minlength=4).sub(100).abs().max() < 44 for column in turns.T)


@pytest.mark.golden
@pytest.mark.parametrize("whole_bank_limit", [0, 10**9])
@pytest.mark.parametrize("setup", ["a", "c"])
def test_cmc_scores_losses_gradients_and_memories(golden, monkeypatch, setup, whole_bank_limit):
    monkeypatch.setattr(cmc, "WHOLE_BANK_LIMIT", whole_bank_limit)
    known = {key: torch.from_numpy(value) for key, value in np.load(golden / "losses" / "cmc.npz").items()}
    _, temperature, _, _, momentum = known[f"{setup}_params"].tolist()
    memories = {side: known[f"{setup}_mem_{side}_0"].clone() for side in ("l", "ab")}
    for step in (0, 1):
        now = {
            key.removeprefix(f"{setup}_step{step}_"): value
            for key, value in known.items()
            if f"{setup}_step{step}_" in key
        }
        queries = {side: now[side].clone().requires_grad_() for side in ("l", "ab")}
        losses = []
        for side, other in (("l", "ab"), ("ab", "l")):
            scores = contrast(queries[side], memories[other], now["idx"], temperature)
            torch.testing.assert_close(scores.detach(), now[f"out_{side}"].squeeze(2), **TIGHT)
            losses.append(nce_loss(scores))
            torch.testing.assert_close(losses[-1].detach().double(), now[f"loss_{side}"], **TIGHT)
        for side in ("l", "ab"):
            update_memory(memories[side], now["y"], now[side], momentum)
            torch.testing.assert_close(memories[side], now[f"mem_{side}_after"], **TIGHT)
        sum(losses).backward()
        for side in ("l", "ab"):
            torch.testing.assert_close(queries[side].grad, now[f"grad_{side}"], **TIGHT)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), images=st.integers(1, 40), negatives=st.integers(1, 30))
def test_both_ways_of_scoring_agree(seed, images, negatives):
    generator = torch_generator(seed)
    memory, query = init_memory(images, 6, generator), torch.randn(5, 6, generator=generator)
    chosen = torch.randint(images, (5, negatives + 1), generator=generator)
    expected = torch.einsum("bd,bkd->bk", query.double(), memory[chosen].double()) / 0.07
    with pytest.MonkeyPatch.context() as patch:
        for limit in (0, 10**9):
            patch.setattr(cmc, "WHOLE_BANK_LIMIT", limit)
            torch.testing.assert_close(contrast(query, memory, chosen, 0.07).double(), expected, rtol=1e-4, atol=1e-4)


def test_scores_keep_their_precision_under_autocast():
    generator = torch_generator("scores")
    memory, query = init_memory(30, 6, generator), torch.randn(5, 6, generator=generator)
    chosen = torch.randint(30, (5, 8), generator=generator)
    expected = contrast(query, memory, chosen, 0.1)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(contrast(query, memory, chosen, 0.1), expected)


def test_memory_starts_within_its_bounds():
    memory = init_memory(2000, 12, torch_generator("memory"))
    assert memory.abs().max() <= 0.5
    assert memory.std().item() == pytest.approx(0.5 / 3**0.5, rel=0.02)


def test_a_repeated_row_keeps_its_last_value():
    memory, new = torch.zeros(3, 2), torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
    update_memory(memory, torch.tensor([2, 0, 2]), new, 0.0)
    torch.testing.assert_close(memory, torch.tensor([[0.0, 1.0], [0.0, 0.0], [0.6, 0.8]]))


def test_cmc_draws_no_more_negatives_than_there_are_images():
    method = build_method("cmc", {"negatives": 50}, split_backbone(), images=9, generator=torch_generator("any"))
    assert isinstance(method, CMC)
    candidates = method._candidates(toy_batch(toy_images(9), batch_size=4))
    assert candidates.shape == (4, 10)
    assert candidates.max() < 9


def test_negatives_differ_between_images_and_may_be_the_positive():
    method = build_method("cmc", {"negatives": 8}, split_backbone(), images=8, generator=torch_generator("any"))
    rows = torch.cat([method._candidates(toy_batch(toy_images(8), step=step)) for step in range(20)])
    assert len(rows[:, 1:].unique(dim=0)) > 150
    assert (rows[:, 1:] == rows[:, :1]).any()


def test_only_the_rows_of_the_batch_move():
    images = toy_images(20)
    method = build_method("cmc", {}, split_backbone(), images=20, generator=torch_generator("any"))
    before = method.memory_light.clone()
    batch = toy_batch(images)
    method.step(batch)
    moved = (method.memory_light != before).any(dim=1).nonzero().squeeze(1)
    assert moved.tolist() == sorted(batch.index.tolist())
    torch.testing.assert_close(method.memory_light[moved].norm(dim=1), torch.ones(len(moved)))


def test_cmc_needs_two_halves():
    whole = build_backbone("resnet9", {"width": 2}, in_channels=3, generator=torch_generator("any"))
    with pytest.raises(ConfigError, match="build its backbone with split=True"):
        build_method("cmc", {}, whole, images=4, generator=torch_generator("any"))


def test_exceptions_of_the_study():
    assert CMC.augment(AugmentConfig()) == AugmentConfig(jitter=False)
    assert Rotation.augment(AugmentConfig(crop=False)) == AugmentConfig(crop=False)
