"""Sizes and shapes of every network of the reference, on the meta device."""

import json

import pytest
import torch

from headstart.backbones import build_backbone
from headstart.backbones.amdim_encoder import ResidualLayer
from headstart.methods import build_method
from headstart.seeding import torch_generator
from headstart.tasks import Classification

pytestmark = pytest.mark.golden
CONFIGS = [
    *(f"{data}/r9/{what}" for data in ("cifar", "syn") for what in ("amdim", "classify", "cmc", "rotate", "vae")),
    "syn/r9/pose",
    *(f"syn/r50/{what}" for what in ("amdim", "classify", "cmc", "pose", "rotate", "vae")),
    *(f"dense/r50/{what}" for what in ("amdim", "cmc", "depth", "rotate", "segment", "vae")),
]
NETWORKS = {
    "resnet9": ("resnet9", {}),
    "resnet9_half": ("resnet9", {"half": True}),
    "resnet50_syn": ("resnet50", {}),
    "resnet50_dense": ("resnet50", {"dilated": True, "features": 512}),
    "resnet50_half_syn": ("resnet50", {"half": True}),
    "resnet50_half_dense": ("resnet50", {"half": True, "dilated": True, "features": 256}),
}


def read(golden, name):
    return json.loads((golden / "models" / f"{name}.json").read_text())


def outlined(name, options, channels=3, *, split=False):
    with torch.device("meta"):
        return build_backbone(name, options, in_channels=channels, split=split, generator=torch.Generator("cpu"))


def of_config(config):
    """The backbone that the reference's configuration builds."""
    data, network, method = config.split("/")
    options = {"dilated": True, "features": 512} if data == "dense" else {}
    return outlined({"r9": "resnet9", "r50": "resnet50"}[network], options, split=method == "cmc")


def count(*modules):
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


def test_all_configs_are_here(golden):
    assert sorted(CONFIGS) == sorted(read(golden, "param_counts")["per_config"])


@pytest.mark.parametrize("config", CONFIGS)
def test_parameter_counts(golden, config):
    known = read(golden, "param_counts")["per_config"][config]
    children, backbone = known["backbone_children"], of_config(config)
    if config.endswith("cmc"):
        assert (count(backbone.lightness), count(backbone.color)) == (children["resnet_l"], children["resnet_ab"])
        assert backbone.dims == (known["feat_per_half"],) * 2
        assert count(backbone) == known["backbone"]
        assert len(list(backbone.parameters())) == known["backbone_n_param_tensors"]
    else:
        assert count(backbone) == children["resnet"]
    assert backbone.dim == known["out_feats"]
    with torch.device("meta"):
        heads = {
            mlp: [Classification(range(n)).head(backbone, mlp=mlp) for n in known["out_classes"]]
            for mlp in (False, True)
        }
    assert count(*heads[False]) == known["out_fc"]
    assert count(*heads[True]) == known["out_mlp"]
    assert known["backbone"] + count(*heads[False], *heads[True]) == known["wrapper_total"]


@pytest.mark.parametrize("config", [config for config in CONFIGS if config.endswith(("rotate", "classify", "segment"))])
def test_parameter_counts_with_the_rotation_head(golden, config):
    known, backbone = read(golden, "param_counts")["per_config"][config], of_config(config)
    if config.endswith("rotate"):
        with torch.device("meta"):
            backbone = build_method("rotation", {}, backbone, images=4, generator=torch.Generator("cpu"))
    assert count(backbone) == known["backbone"]
    assert len(list(backbone.parameters())) == known["backbone_n_param_tensors"]


@pytest.mark.parametrize(
    ("model", "channels"),
    [(model, channels) for model in NETWORKS for channels in ((1, 2) if "half" in model else (3,))],
)
@pytest.mark.parametrize("resolution", [32, 64, 128])
def test_shapes(golden, model, channels, resolution):
    shapes = read(golden, "shapes")
    expected = shapes[f"{model}/in{channels}/{resolution}px"]
    name, options = NETWORKS[model]
    network = outlined(name, options, channels)
    assert count(network) == shapes[f"{model}/in{channels}/params"]
    features = network(torch.zeros(2, channels, resolution, resolution, device="meta"))
    assert list(features.pooled.shape) == expected["feats"]
    assert list(features.dense.shape) == expected["dense_feats"]
    assert [list(m.shape) for m in (*features.stages, features.dense)] == [s for _, s in expected["all"]][:-1]


def test_maps_of_a_resnet50_are_those_of_the_depth_config(golden):
    expected = read(golden, "shapes")["wrapper/dense/r50/depth/128px"]["selfsup_out"]
    features = of_config("dense/r50/depth")(torch.zeros(3, 3, 128, 128, device="meta"))
    assert [list(m.shape) for m in (*features.stages, features.dense, features.pooled)] == expected


@pytest.mark.parametrize(
    ("model", "blocks"), [("resnet50_syn", ("stage3.4", "stage4.1")), ("resnet9", ("stage2.0", "stage3.0"))]
)
def test_local_maps_are_the_blocks_that_the_reference_compares(golden, model, blocks):
    maps = [label.split(":")[0] for label, _ in read(golden, "shapes")[f"{model}/in3/64px"]["all"]]
    network = outlined(*NETWORKS[model])
    assert tuple(maps[stage] for stage in network.local_stages) == blocks


@pytest.mark.parametrize("resolution", [32, 64, 128])
def test_amdim_encoder(golden, resolution):
    """Ours is the reference's, less the batch norms that it builds and never applies, and less the two blocks that
    project the local maps, which belong to the objective.
    """
    known = read(golden, "param_counts")["amdim_ref"][str(resolution)]
    network = outlined("amdim", {"resolution": resolution})
    *layers, (_, last_norm) = known["per_layer"]
    used = [(kind, parameters) for kind, parameters in layers if kind != "MaybeBatchNorm2d"]
    assert [count(layer) for layer in network.layers] == [
        parameters - unused_norms(layer) for layer, (_, parameters) in zip(network.layers, used, strict=True)
    ]
    assert count(network.norm) == last_norm
    skipped = sum(parameters for kind, parameters in layers if kind == "MaybeBatchNorm2d")
    never = skipped + unused_norms(network)
    assert count(network) == known["layer_list"] - never
    in_projections = 2 * 2 * known["n_rkhs"]
    assert never + in_projections == known["params_of_batchnorms_never_used(use_bn=False)"]
    assert known["layer_list"] + known["rkhs_block_5"] + known["rkhs_block_7"] == known["total"]


def unused_norms(module):
    """Parameters of the batch norm that the reference gives every residual layer and does not apply."""
    return sum(2 * layer.second.out_channels for layer in module.modules() if isinstance(layer, ResidualLayer))


@pytest.mark.parametrize("resolution", [32, 64, 128])
def test_activations_of_the_amdim_encoder(golden, resolution):
    known = read(golden, "param_counts")["amdim_ref"][str(resolution)]
    network = outlined("amdim", {"resolution": resolution})
    features = network(torch.zeros(2, 3, resolution, resolution, device="meta"))
    *kinds, _ = [kind for kind, _ in known["per_layer"]]
    *maps, pooled = known["activation_shapes_batch2"]
    kept = [shape for kind, shape in zip(kinds, maps, strict=True) if kind != "MaybeBatchNorm2d"]
    assert [list(stage.shape) for stage in features.stages] == kept
    assert list(features.pooled[:, :, None, None].shape) == pooled
    _, five, seven = known["r1_r5_r7_shapes_batch4"]
    local = [list(features.stages[stage].shape[2:]) for stage in network.local_stages]
    assert local == [seven[2:], five[2:]]
    assert network.dim == known["n_rkhs"] == known["feats"][1]


def test_the_amdim_encoder_keeps_the_size_of_what_passes_through():
    network = build_backbone("amdim", {}, in_channels=3, generator=torch_generator("any"))
    images = torch.randn(8, 3, 64, 64, generator=torch_generator("images"))
    with torch.no_grad():
        deviations = torch.stack([stage.std() for stage in network(images).stages])
    assert deviations.min() > 0.2
    assert deviations.max() < 2
