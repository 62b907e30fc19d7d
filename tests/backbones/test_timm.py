"""Networks of timm, where timm is installed: the contract, weights by order under other names, and the way back."""

from pathlib import Path

import pytest
import torch

from headstart.backbones import BACKBONES, build_backbone
from headstart.backbones.blocks import read_block
from headstart.backbones.card import read_card
from headstart.backbones.foreign import match_tensors
from headstart.backbones.hub import local_file
from headstart.errors import CheckpointError, ConfigError
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


def paired(network, held, folder):
    """The match of a ``.pth`` that holds ``held``, by names."""
    torch.save(held, folder / "w.pth")
    given = read_block(folder / "w.pth").tensors
    return match_tensors(network.state_dict(), given, "names", "w.pth", network.adopted)


def own_names(network):
    """Tensors of timm's network by its own names."""
    return {name: value.clone() for name, value in network.model.state_dict().items()}


def same(found, network):
    own = own_names(network)
    return found.share == 1.0 and all(torch.equal(found.tensors[f"model.{name}"], value) for name, value in own.items())


def test_torchvisions_resnets_are_timms(tmp_path):
    from torchvision.models import resnet18

    torch.manual_seed(0)
    theirs, ours = resnet18(weights=None).eval(), built("resnet18").eval()
    found = paired(ours, theirs.state_dict(), tmp_path)
    assert found.share == 1.0
    assert found.left == ("fc.weight", "fc.bias")
    ours.load_state_dict(found.tensors, strict=False)
    theirs.fc = torch.nn.Identity()
    images = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(ours(images).pooled, theirs(images))


VIT = {"embed_dim": 24, "num_heads": 2, "depth": 1}


def test_dino_s_teacher_is_taken_and_its_head_is_not(tmp_path):
    network = built("vit_small_patch16_224", **VIT)
    student = {f"module.backbone.{name}": torch.zeros_like(value) for name, value in own_names(network).items()}
    teacher = {f"backbone.{name}": value for name, value in own_names(network).items()}
    heads = {"head.last_layer.weight_v": torch.zeros(50, 8)}
    found = paired(network, {"student": student | heads, "teacher": teacher | heads, "epoch": 3}, tmp_path)
    assert same(found, network)
    assert (found.prefix, found.left) == ("backbone.", tuple(heads))


def test_dinov2_has_a_mask_that_stays_behind_and_positions_that_are_resized(tmp_path):
    made, small = built("vit_small_patch14_dinov2", **VIT), built("vit_small_patch14_dinov2", img_size=56, **VIT)
    held = own_names(made) | {"mask_token": torch.zeros(1, 24)}
    assert held["pos_embed"].shape == (1, 37 * 37 + 1, 24)
    found = paired(made, held, tmp_path)
    assert same(found, made)
    assert found.left == ("mask_token",)
    assert made(torch.zeros(1, 3, 56, 56)).dense.shape == (1, 24, 4, 4), "whatever the images"
    resized = paired(small, held, tmp_path)
    assert (resized.share, resized.left, resized.changed) == (1.0, ("mask_token",), ("model.pos_embed",))
    small.load_state_dict(resized.tensors, strict=False)
    made.load_state_dict(found.tensors, strict=False)
    images = torch.randn(1, 3, 56, 56)
    torch.testing.assert_close(small(images).dense, made(images).dense, atol=1e-4, rtol=1e-4)


def test_dinov2_with_registers_is_brought_into_timms_layout(tmp_path):
    network = built("vit_small_patch14_reg4_dinov2", **VIT)
    own = own_names(network)
    place = torch.randn(1, 1, 24)
    held = own | {"register_tokens": own["reg_token"], "mask_token": torch.zeros(1, 24)}
    held |= {"pos_embed": torch.cat([place, own["pos_embed"]], dim=1), "cls_token": own["cls_token"] - place}
    del held["reg_token"]
    found = paired(network, held, tmp_path)
    torch.testing.assert_close(found.tensors["model.cls_token"], own["cls_token"])
    assert torch.equal(found.tensors["model.reg_token"], own["reg_token"])
    assert torch.equal(found.tensors["model.pos_embed"], own["pos_embed"])
    assert (found.share, found.left) == (1.0, ("mask_token",))
    assert found.changed == ("model.cls_token", "model.pos_embed")


def test_dinov3_is_brought_into_timms_layout_and_what_has_no_place_is_told(tmp_path):
    network = built("vit_small_patch16_dinov3_qkvb", **VIT)
    own = own_names(network)
    names = {
        "reg_token": "storage_tokens",
        "blocks.0.gamma_1": "blocks.0.ls1.gamma",
        "blocks.0.gamma_2": "blocks.0.ls2.gamma",
    }
    queries, values = own.pop("blocks.0.attn.q_bias"), own.pop("blocks.0.attn.v_bias")
    held = {names.get(name, name): value for name, value in own.items()}
    held |= {"blocks.0.attn.qkv.bias": torch.cat([queries, torch.zeros(24), values]), "mask_token": torch.zeros(1, 24)}
    held["rope_embed.periods"] = torch.zeros(4)
    found = paired(network, held, tmp_path)
    assert same(found, network)
    assert {"mask_token", "rope_embed.periods"} <= set(found.left)


def test_a_name_that_timm_does_not_know_is_answered_with_some_that_it_does():
    with pytest.raises(ConfigError, match="timm has no network 'resnet1000': the nearest are resnet"):
        built("resnet1000")


def test_it_has_no_half_for_methods_that_need_two_networks():
    options, draws = {"model": "resnet10t"}, torch_generator("timm")
    with pytest.raises(ConfigError, match="has no half-width form"):
        build_backbone("timm", options, in_channels=3, split=True, generator=draws)
    assert not BACKBONES.traits("timm").Config.complete()


def test_weights_that_timm_has_by_name_are_fetched_once_with_all_that_it_knows_of_them(tmp_path, monkeypatch):
    import timm

    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    made, create = [], timm.create_model
    monkeypatch.setattr(timm, "create_model", lambda name, *, pretrained, **kw: made.append(name) or create(name, **kw))
    path = local_file(Path("timm:resnet10t.c3_in1k"))
    assert local_file(Path("timm:resnet10t.c3_in1k")) == path
    assert made == ["resnet10t.c3_in1k"]
    card = read_card(path)
    assert (card.backbone, card.method) == (
        {"name": "timm", "options": {"model": "resnet10t"}},
        "timm:resnet10t.c3_in1k",
    )
    assert card.input.mean == pytest.approx((123.675, 116.28, 103.53))
    assert match_tensors(built("resnet10t").state_dict(), read_block(path).tensors, "names", "x").share == 1


def test_without_its_hub_timm_has_no_weights_and_says_so(tmp_path, monkeypatch):
    import timm

    def unreachable(*_, **__):
        raise OSError("no route to host\nand more")

    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    monkeypatch.setattr(timm, "create_model", unreachable)
    with pytest.raises(CheckpointError, match=r"'resnet10t' cannot be fetched \(no route to host\): fetch them where"):
        local_file(Path("timm:resnet10t"))
    with pytest.raises(CheckpointError, match="timm has no weights 'resnet10x': the nearest are resn.*resnet10t"):
        local_file(Path("timm:resnet10x"))
    assert not list(tmp_path.iterdir())
