"""Networks filled with the reference's deterministic weights give the reference's numbers, in float64."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from headstart.backbones import Backbone, build_backbone
from headstart.methods import build_method
from headstart.seeding import torch_generator
from headstart.tasks import Classification

pytestmark = pytest.mark.golden
CHANNELS = {"resnet9": slice(0, 3), "resnet9_half_L": slice(0, 1), "resnet9_half_ab": slice(1, 3)}
EXACT = {"rtol": 1e-9, "atol": 1e-10}


def reference_weight(entry):
    values = np.random.default_rng(entry["i"]).standard_normal(entry["shape"]) * 0.05
    return torch.from_numpy(values.astype(np.float32))


def fill(modules: list[nn.Module], golden: Path, model: str) -> None:
    """Give the parameters of ``modules``, in order, the weights of the reference's recipe; batch norms stay 1 and 0."""
    recipe = json.loads((golden / "forward" / "weight_recipe.json").read_text())[model]
    parameters = [parameter for module in modules for parameter in module.parameters()]
    assert [list(parameter.shape) for parameter in parameters] == [entry["shape"] for entry in recipe]
    for parameter, entry in zip(parameters, recipe, strict=True):
        if not entry["bn_affine"]:
            parameter.data.copy_(reference_weight(entry))
    for module in modules:
        module.double()


def resnet9(in_channels: int = 3, half: bool = False) -> Backbone:
    options = {"width": 64, "half": half}
    return build_backbone("resnet9", options, in_channels=in_channels, generator=torch_generator("any"))


@pytest.fixture
def images(golden: Path) -> torch.Tensor:
    return torch.from_numpy(np.load(golden / "forward" / "input.npz")["x"]).double()


@pytest.fixture(params=["eval", "train"])
def mode(request) -> str:
    return request.param


def close(ours: torch.Tensor, theirs: np.ndarray) -> None:
    torch.testing.assert_close(ours.detach().double(), torch.from_numpy(np.asarray(theirs, dtype=np.float64)), **EXACT)


@pytest.mark.parametrize("model", CHANNELS)
def test_resnet9(golden, images, mode, model):
    known = np.load(golden / "forward" / f"{model}.npz")
    inputs = images[:, CHANNELS[model]]
    network = resnet9(inputs.shape[1], half="half" in model)
    fill([network], golden, model)
    features = network.train(mode == "train")(inputs)
    close(features.pooled, known[f"{mode}_feats"])
    close(features.dense[:1], known[f"{mode}_dense"])
    maps = [*features.stages, features.dense, features.pooled]
    close(torch.stack([m.mean() for m in maps]), known[f"{mode}_inter_mean"])
    close(torch.stack([m.std(correction=0) for m in maps]), known[f"{mode}_inter_std"])
    close(torch.stack([m.abs().max() for m in maps]), known[f"{mode}_inter_absmax"])
    weights = torch.from_numpy(np.random.default_rng(777).standard_normal(features.pooled.shape))
    (features.pooled * weights).sum().backward()
    close(torch.stack([parameter.grad.norm() for parameter in network.parameters()]), known[f"{mode}_grad_norms"])


@pytest.mark.parametrize("model", CHANNELS)
def test_batch_norm_statistics_after_one_forward_pass(golden, images, model):
    known = np.load(golden / "forward" / f"{model}.npz")
    inputs = images[:, CHANNELS[model]]
    network = resnet9(inputs.shape[1], half="half" in model)
    fill([network], golden, model)
    network(inputs)
    state = network.state_dict()
    for name in ("running_mean", "running_var"):
        ours = torch.cat([value for key, value in state.items() if key.endswith(name)])
        close(ours, known[f"train_bn_{name}"])


def test_split_halves_are_the_reference_s_once_normalised(golden, images, mode):
    known = np.load(golden / "forward" / "cmc_feats.npz")
    split = build_backbone("resnet9", {}, in_channels=3, split=True, generator=torch_generator("any"))
    fill([split.lightness], golden, "resnet9_half_L")
    fill([split.color], golden, "resnet9_half_ab")
    features = split.train(mode == "train")(images)
    halves = features.pooled.split(list(split.dims), dim=1)
    close(torch.cat([F.normalize(half, dim=1) for half in halves], dim=1), known[f"{mode}_feats"])
    close(features.dense[:1], known[f"{mode}_dense"])


def test_rotation_logits(golden, images, mode):
    known = np.load(golden / "forward" / "rotate.npz")
    method = build_method("rotation", {}, resnet9(), images=4, generator=torch_generator("any"))
    fill([method], golden, "rotate")
    method.train(mode == "train")
    close(method.head(method.backbone(images).pooled), known[f"{mode}_logits"])


def test_vae_codes_and_reconstructions(golden, images, mode):
    # The files here hold the reference's first two images, and the reconstruction of the first.
    known = np.load(golden / "forward" / "vae.npz")
    method = build_method("vae", {"resolution": 32}, resnet9(), images=4, generator=torch_generator("any"))
    fill([method], golden, "vae_res32")
    features = method.train(mode == "train").backbone(images).pooled
    mean = method.mean(features)
    close(features[:2], known[f"{mode}_feats"])
    close(mean[:2], known[f"{mode}_mu"])
    close(method.log_variance(features)[:2], known[f"{mode}_logvar"])
    close(method.decoder(mean[:, :, None, None])[:1], known[f"{mode}_out_img"])


def test_amdim_features_and_local_maps(golden, mode):
    # The reference's local maps are float32, of which the files here hold every 32nd channel (dense: every 8th).
    known = np.load(golden / "forward" / "amdim.npz")
    views = torch.from_numpy(np.load(golden / "forward" / "input_double.npz")["x"]).double().unbind(1)
    method = build_method("amdim", {}, resnet9(), images=4, generator=torch_generator("any"))
    fill([method], golden, "amdim")
    features = method.train(mode == "train").backbone(torch.cat(views))
    close(features.pooled[:3], known[f"{mode}_feats"])
    torch.testing.assert_close(features.dense[:1, ::8].float(), torch.from_numpy(known[f"{mode}_dense"]))
    one, five, seven = method.encode(views)
    for view in (0, 1):
        for name, ours, every in (("r1", one[view, :, None], 1), ("r5", five[view], 32), ("r7", seven[view], 32)):
            theirs = torch.from_numpy(known[f"{mode}_{name}_x{view + 1}"]).flatten(2)
            torch.testing.assert_close(ours.transpose(1, 2)[:, ::every], theirs)


def test_linear_and_mlp_heads(golden, images, mode):
    known = np.load(golden / "forward" / "wrapper_resnet9.npz")
    network, tasks = resnet9(), {"class": Classification(range(10)), "pose": Classification(range(5))}
    heads = {
        f"{kind}_{target}": task.head(network, mlp=kind == "mlp").layers
        for kind in ("fc", "mlp")
        for target, task in tasks.items()
    }
    fill([network, *heads.values()], golden, "wrapper_resnet9_classify")
    for module in (network, *heads.values()):
        module.train(mode == "train")
    pooled = network(images).pooled
    for name, head in heads.items():
        close(head(pooled), known[f"{mode}_{name}"])


def test_starting_weights_have_the_reference_s_spread(golden):
    known = json.loads((golden / "forward" / "resnet9_default_init_stats.json").read_text())
    for parameter, expected in zip(resnet9().parameters(), known, strict=True):
        count, values = parameter.numel(), parameter.detach()
        assert list(parameter.shape) == expected["shape"]
        # Five standard errors of a mean and of a standard deviation, of both samples.
        assert values.mean().item() == pytest.approx(expected["mean"], abs=10 * expected["std"] / count**0.5 + 1e-9)
        assert values.std(correction=0).item() == pytest.approx(expected["std"], rel=10 / (2 * count) ** 0.5, abs=1e-9)
