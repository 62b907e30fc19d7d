"""What every backbone promises."""

import copy
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from headstart.backbones import Backbone, Features, build_backbone, load_weights, save_weights
from headstart.seeding import torch_generator
from headstart.testing.toys import refusal, same_state, untrained_parameters

__all__ = ["check_backbone"]


def check_backbone(
    name: str, options: Mapping[str, Any] | None = None, *, in_channels: int = 3, split: bool = False
) -> None:
    """Raise ``AssertionError`` unless the backbone ``name`` of ``BACKBONES`` keeps its contract.

    options: fields of its ``Config``; small ones keep this fast.

    >>> check_backbone("resnet9", {"width": 2})  # doctest: +SKIP
    """

    def build(seed: int) -> Backbone:
        generator = torch_generator(seed, "contract")
        return build_backbone(name, options or {}, in_channels=in_channels, split=split, generator=generator)

    _check_initialisation(build(0), build(0), build(1))
    backbone = build(0)
    images = torch.randn(4, in_channels, *2 * [2 * backbone.min_resolution], generator=torch_generator("images"))
    _check_features(backbone, images)
    _check_gradients(backbone, images)
    _check_eval_leaves_no_trace(backbone, images)
    _check_refusals(backbone)
    _check_weights(backbone, build(1))


def _check_initialisation(first: Backbone, again: Backbone, other: Backbone) -> None:
    assert same_state(first.state_dict(), again.state_dict()), "starting weights must depend on the generator alone"
    assert not same_state(first.state_dict(), other.state_dict()), "starting weights must depend on the generator"


def _check_features(backbone: Backbone, images: torch.Tensor) -> None:
    features: Features = backbone(images)
    batch, dim = len(images), backbone.dim
    assert features.pooled.shape == (batch, dim), f"pooled is {tuple(features.pooled.shape)}, not {(batch, dim)}"
    assert features.dense.shape[:2] == (batch, dim), f"dense is {tuple(features.dense.shape)}, not {(batch, dim)} x map"
    torch.testing.assert_close(features.pooled, features.dense.mean(dim=(2, 3)), msg="pooled must be the mean of dense")
    assert all(maps.ndim == 4 and len(maps) == batch for maps in features.stages), "stages must be maps of the batch"
    channels = tuple(maps.shape[1] for maps in features.stages)
    assert channels == backbone.stage_channels, f"stages have {channels} channels, not {backbone.stage_channels}"


def _check_gradients(backbone: Backbone, images: torch.Tensor) -> None:
    def loss(number: int) -> torch.Tensor:
        pooled: torch.Tensor = backbone(images).pooled
        return (pooled * torch.randn(pooled.shape, generator=torch_generator("weights", number))).sum()

    lost = untrained_parameters(backbone, loss)
    assert not lost, f"no gradient reaches {', '.join(lost)}"


def _check_eval_leaves_no_trace(backbone: Backbone, images: torch.Tensor) -> None:
    before = copy.deepcopy(backbone.state_dict())
    first, second = (backbone.eval()(images).pooled for _ in range(2))
    assert torch.equal(first, second), "eval mode must give the same features twice"
    assert same_state(before, backbone.state_dict()), "eval mode must leave the state as it is"
    backbone.train()


def _check_refusals(backbone: Backbone) -> None:
    small = backbone.min_resolution
    backbone.eval()(torch.zeros(1, backbone.in_channels, small, small))
    for channels, resolution in ((backbone.in_channels, small - 1), (backbone.in_channels + 1, small)):
        wrong = resolution if resolution < small else channels
        said = refusal(backbone, torch.zeros(1, channels, resolution, resolution))
        assert str(wrong) in said, (
            f"{channels} channels at {resolution} px must be refused by a sentence naming {wrong}"
        )


def _check_weights(backbone: Backbone, other: Backbone) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        save_weights(backbone, path)
        load_weights(other, path)
    assert same_state(backbone.state_dict(), other.state_dict()), "weights must come back from disk as they were"
