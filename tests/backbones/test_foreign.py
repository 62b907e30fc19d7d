"""Files of weights that others made: read without running code, and matched by names or by order."""

import pickle
from argparse import Namespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from headstart.backbones.blocks import read_block, read_tensors
from headstart.backbones.foreign import adapt_channels, match_tensors
from headstart.errors import CheckpointError


def network(channels=3):
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(channels, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 8, 3), nn.Linear(8, 8))


WANTED = network().state_dict()


def same(found):
    return found.keys() == WANTED.keys() and all(torch.equal(found[name], WANTED[name]) for name in found)


@pytest.mark.parametrize("below", [(), ("state_dict",), ("epoch", "model")])
def test_a_training_state_is_looked_into_wherever_the_network_lies(tmp_path, below):
    held = dict(WANTED)
    for name in reversed(below):
        held = {name: held, "lr": 0.1, "optimizer": {"momentum": torch.zeros(3)}}
    torch.save(held, tmp_path / "w.pth")
    assert same(read_tensors(tmp_path / "w.pth"))


def test_safetensors_are_read_whatever_the_file_is_called(tmp_path):
    save_file(dict(WANTED), tmp_path / "weights.bin")
    assert same(read_tensors(tmp_path / "weights.bin"))


class Code:
    def __reduce__(self):
        return print, ("run",)


def files(folder):
    (folder / "code.pth").write_bytes(pickle.dumps({"a": Code()}))
    torch.save({"a": Code()}, folder / "zipped.pth")
    torch.save(dict(WANTED), folder / "w.pth")
    (folder / "half.pth").write_bytes((folder / "w.pth").read_bytes()[:700])
    (folder / "text.pth").write_text("no weights")
    torch.save({"epoch": 3}, folder / "none.pth")
    save_file(dict(WANTED), folder / "w.safetensors")
    (folder / "half.safetensors").write_bytes((folder / "w.safetensors").read_bytes()[:-40])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("code.pth", "would run code of its own when it is read, so it is not: save it again as a plain state_dict"),
        ("zipped.pth", "would run code of its own"),
        ("half.pth", "is no whole file of weights"),
        ("half.safetensors", "is no whole file of weights"),
        ("text.pth", "is no whole file of weights"),
        ("none.pth", "holds no tensors: name a file with the weights of a network"),
        ("absent.pth", "cannot read weights from .*No such file"),
    ],
)
def test_what_is_no_file_of_weights_is_refused_and_nothing_of_it_runs(tmp_path, capsys, name, said):
    files(tmp_path)
    with pytest.raises(CheckpointError, match=said):
        read_tensors(tmp_path / name)
    assert "run" not in capsys.readouterr().out


@settings(deadline=None, max_examples=25)
@given(
    prefix=st.sampled_from(["", "module.", "module.backbone.", "student.model.", "0."]),
    ours=st.sampled_from(["", "model."]),
    head=st.booleans(),
)
def test_prefixes_are_found_out_on_either_side_and_heads_stay_behind(prefix, ours, head):
    wanted = {ours + name: value for name, value in WANTED.items()}
    theirs = {prefix + name: value for name, value in WANTED.items()}
    if head:
        theirs |= {f"{prefix}fc.weight": torch.zeros(10, 8), "loss.center": torch.zeros(5)}
    found = match_tensors(wanted, theirs, "names", "w.pth")
    assert same({name.removeprefix(ours): value for name, value in found.tensors.items()})
    assert found.share == 1.0
    assert not found.missing
    assert len(found.left) == 2 * head


def test_order_pairs_the_same_network_under_other_names_and_leaves_its_head():
    renamed = {f"layer{number}": value for number, value in enumerate(WANTED.values())}
    found = match_tensors(WANTED, renamed | {"head": torch.zeros(3, 8)}, "order", "w.pth")
    floats = {name: value for name, value in WANTED.items() if value.is_floating_point()}
    assert found.tensors.keys() == floats.keys()
    assert all(torch.equal(found.tensors[name], value) for name, value in floats.items())
    assert "head" in found.left


@pytest.mark.parametrize("how", ["names", "order"])
def test_another_network_is_refused_with_what_is_there_of_it(how):
    other = nn.Sequential(nn.Conv2d(3, 5, 3), nn.Linear(8, 9)).state_dict()
    with pytest.raises(CheckpointError, match=r"w.pth holds 0% of this network's weights .*'0.weight' is missing"):
        match_tensors(WANTED, other, how, "w.pth")


def test_what_little_is_missing_is_told():
    most = {name: value for name, value in WANTED.items() if name != "3.bias"}
    found = match_tensors(WANTED, most, "names", "w.pth")
    assert found.missing == ("3.bias",)
    assert "1 drawn at random (3.bias)" in found.describe()


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_a_first_layer_for_other_channels_answers_gray_images_alike(channels):
    wanted = network(channels).state_dict()
    found = match_tensors(wanted, WANTED, "names", "w.pth")
    adapted = adapt_channels(found, wanted)
    assert "1 made to fit (0.weight)" in adapted.describe()
    gray = torch.rand(2, 1, 5, 5)
    theirs = nn.functional.conv2d(gray.expand(-1, 3, -1, -1), WANTED["0.weight"])
    ours = nn.functional.conv2d(gray.expand(-1, channels, -1, -1), adapted.tensors["0.weight"])
    torch.testing.assert_close(ours, theirs)


def times(factor):
    return {name: value * factor for name, value in WANTED.items()}


@pytest.mark.parametrize(("average", "other"), [("teacher", "student"), ("state_dict_ema", "state_dict")])
def test_of_two_networks_in_a_training_state_the_average_is_taken(tmp_path, average, other):
    """DINO's file, its arguments included, which are no tensors and no code; the student comes first in it."""
    head = {"head.mlp.0.weight": torch.zeros(9, 9)}
    student = {f"module.backbone.{name}": value for name, value in times(2).items()} | head | {"mask": torch.zeros(2)}
    teacher = {f"backbone.{name}": value for name, value in WANTED.items()} | head
    held = {
        other: student,
        average: teacher,
        "epoch": 99,
        "args": Namespace(arch="vit_small"),
        "loss": {"center": WANTED},
    }
    torch.save(held, tmp_path / "dino.pth")
    block = read_block(tmp_path / "dino.pth")
    assert block.name == average
    found = match_tensors(WANTED, block.tensors, "names", "dino.pth")
    assert same(found.tensors)
    assert found.left == ("head.mlp.0.weight",)


def test_an_average_that_is_no_whole_network_is_not_taken(tmp_path):
    torch.save({"model": dict(WANTED), "ema": {"0.weight": WANTED["0.weight"]}}, tmp_path / "w.pth")
    assert read_block(tmp_path / "w.pth").name == "model"


def test_of_two_networks_side_by_side_the_average_is_taken_and_told():
    """What LightlyTrain checkpoints of DINOv2 have."""
    below = "_embedding_model.wrapped_model._model."
    held = {f"student{below}{name}": value for name, value in times(2).items()}
    held |= {f"teacher{below}{name}": value for name, value in WANTED.items()}
    found = match_tensors(WANTED, held, "names", "last.ckpt")
    assert same(found.tensors)
    assert f"below 'teacher{below}'" in found.describe()


def test_a_layout_that_the_network_knows_is_translated_and_what_is_dropped_is_told():
    layout = {"net.first": WANTED["0.weight"]} | {
        f"net.{name}": value for name, value in WANTED.items() if name != "0.weight"
    }
    layout["net.mask"] = torch.zeros(3)

    def translate(tensors):
        return {"0.weight" if name == "first" else name: value for name, value in tensors.items() if name != "mask"}

    found = match_tensors(WANTED, layout, "names", "w.pth", translate)
    assert same(found.tensors)
    assert found.left == ("net.mask",)
    assert not match_tensors(WANTED, WANTED, "names", "w.pth", lambda tensors: {}).missing, "not asked where names do"
