"""Methods with all that is theirs have the reference's sizes, and what they compare its shapes; on the meta device."""

import json
from itertools import product

import pytest
import torch

from headstart.backbones import build_backbone
from headstart.methods import build_method
from headstart.tasks import Classification, Depth, Segmentation
from headstart.testing import toy_batch, toy_images

pytestmark = pytest.mark.golden
NAMES = {"rotate": "rotation", "cmc": "cmc", "amdim": "amdim", "vae": "vae"}
PARTS = {
    "rotate": {"rotate_fc": "head"},
    "cmc": {},
    "amdim": {"rkhs_7": "project_seven", "rkhs_5": "project_five"},
    "vae": {"fc1": "mean", "fc2": "log_variance", "decoder": "decoder"},
}
CONFIGS = [f"{network}/{method}" for network in ("cifar/r9", "syn/r9", "syn/r50", "dense/r50") for method in NAMES]
SHAPES = [
    *map("/".join, product(("syn",), ("r9", "r50"), ("amdim", "rotate", "cmc"), ("32px", "64px", "128px"))),
    *("cifar/r9/vae/32px", "syn/r9/vae/64px", "dense/r50/vae/128px", "dense/r50/amdim/128px", "dense/r50/rotate/128px"),
]


def read(golden, name):
    return json.loads((golden / "models" / f"{name}.json").read_text())


def of_config(config, images=4):
    """The method that the reference's configuration builds, over its backbone."""
    data, network, method = config.split("/")
    backbone = {"dilated": True, "features": 512} if data == "dense" else {}
    options = {"resolution": 32 if data == "cifar" else 64} if method == "vae" else {}
    options |= {"negatives": images} if method == "cmc" else {}
    generator = torch.Generator("cpu")
    with torch.device("meta"):
        network = build_backbone(
            {"r9": "resnet9", "r50": "resnet50"}[network],
            backbone,
            in_channels=3,
            split=method == "cmc",
            generator=generator,
        )
        return build_method(NAMES[method], options, network, images=images, generator=generator)


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("config", CONFIGS)
def test_parameters_of_a_method_and_of_its_parts(golden, config):
    known, method = read(golden, "param_counts")["per_config"][config], of_config(config)
    parts = PARTS[config.rpartition("/")[2]]
    assert count(method) == known["backbone"]
    assert len(list(method.parameters())) == known["backbone_n_param_tensors"]
    children = {name: known["backbone_children"][name] for name in parts}
    assert {name: count(getattr(method, ours)) for name, ours in parts.items()} == children


@pytest.mark.parametrize("case", SHAPES)
def test_shapes_of_features_heads_and_what_is_compared(golden, case):
    config, _, side = case.rpartition("/")
    expected, resolution = read(golden, "shapes")[f"wrapper/{case}"], int(side.removesuffix("px"))
    method, dense = of_config(config), config.startswith("dense")
    images = torch.zeros(expected["batch"], 3, resolution, resolution, device="meta")
    features = method.backbone(images)
    assert list((features.dense if dense else features.pooled).shape) == expected["feats"]
    tasks = (Segmentation(range(10)), Depth(())) if dense else (Classification(range(10)), Classification(range(5)))
    with torch.device("meta"):
        heads = [[task.head(method.backbone, mlp=mlp) for task in tasks] for mlp in (False, True)]
    assert [[list(head(features).shape) for head in kind] for kind in heads] == expected["class_pred"]
    if not config.endswith("cmc"):
        assert compared(method, images, features) == expected["selfsup_out"]


def compared(method, images, features):
    """Shapes of what the reference's loss is made of, as it lists them."""
    if method.name == "rotation":
        return list(method.head(features.pooled).shape)
    if method.name == "vae":
        mean, log_variance = method.mean(features.pooled), method.log_variance(features.pooled)
        return [list(made.shape) for made in (method.decoder(mean[:, :, None, None]), mean, log_variance)]
    whole, five, seven = method.encode((images, images))
    sides = (1, int(five.shape[2] ** 0.5), int(seven.shape[2] ** 0.5))
    return [[len(images), whole.shape[-1], side, side] for _ in whole for side in sides]


@pytest.mark.parametrize("case", [case for case in SHAPES if "/cmc/" in case])
def test_each_image_is_held_against_its_own_memory_and_the_negatives(golden, case):
    each, candidates, _ = read(golden, "shapes")[f"wrapper/{case}"]["selfsup_out"][0]
    method = of_config(case.rpartition("/")[0], images=candidates - 1)
    assert method._candidates(toy_batch(toy_images(each), batch_size=each)).shape == (each, candidates)
