"""What every protocol promises."""

import math
from collections.abc import Mapping
from typing import Any

import torch

from headstart.backbones import Backbone, build_backbone
from headstart.data.dataset import ImageSet
from headstart.seeding import torch_generator
from headstart.tasks import TASKS, Task
from headstart.testing.toys import same_state, toy_images, toy_target
from headstart.training import PROTOCOLS, Settings, Supervised, SupervisedConfig, answers, evaluate, fit

__all__ = ["check_protocol"]

CLASSES = ("ball", "box", "cone", "ring")
LABELS = 12


def check_protocol(
    name: str,
    *,
    task: str = "classification",
    backbone: str = "resnet9",
    backbone_options: Mapping[str, Any] | None = None,
    split: bool = False,
    resolution: int = 16,
) -> None:
    """Raise ``AssertionError`` unless the protocol ``name`` of ``PROTOCOLS`` keeps its contract.

    task, backbone: what is learned in a step, and on what. backbone_options: fields of the backbone's ``Config``; small
    ones keep this fast.

    >>> check_protocol("knn")
    """
    asked, images = TASKS[task](CLASSES), toy_images(LABELS, resolution=resolution)
    labelled = ImageSet(images.images, {asked.target: toy_target(asked, LABELS, resolution)})
    options = {"width": 2} if backbone_options is None and backbone == "resnet9" else backbone_options or {}

    def build() -> Backbone:
        generator = torch_generator("contract")
        return build_backbone(backbone, options, in_channels=3, split=split, generator=generator)

    first, again = (_learned(name, build(), asked, labelled) for _ in range(2))
    outputs = [torch.cat(answers(model, images)) for model in (first, again)]
    assert torch.equal(*outputs), "equal starts and seeds must give equal models"
    measured = evaluate(first, labelled)
    assert asked.primary_metric in measured, f"metrics lack the primary one, '{asked.primary_metric}'"
    assert all(map(math.isfinite, measured.values())), f"metrics must be finite, not {measured}"
    kept = same_state(first.backbone.state_dict(), build().state_dict())
    assert kept == PROTOCOLS[name].frozen, "a frozen backbone must stay as it is, and another must learn"


def _learned(name: str, backbone: Backbone, task: Task, labelled: ImageSet) -> Supervised:
    model, report = fit(name, backbone, task, labelled, _settings(name), seed=0)
    assert report.failure is None, f"training failed: {report.failure}"
    return model


def _settings(name: str) -> Settings:
    """One step, where steps are taken."""
    kind = PROTOCOLS[name].Config
    config = kind(min_steps=1, batch_size=8) if issubclass(kind, SupervisedConfig) else kind()
    return config.for_labels(LABELS)
