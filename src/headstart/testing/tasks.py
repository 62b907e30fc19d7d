"""What every task promises."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from headstart.backbones import Backbone, Features, build_backbone, seeded_init
from headstart.data.augment import AugmentConfig
from headstart.seeding import torch_generator
from headstart.tasks import TASKS, Task

__all__ = ["check_task"]

CLASSES = ("ball", "box", "cone")
IMAGES = 24


def check_task(name: str, target: Tensor | None = None, *, classes: Sequence[str] = CLASSES) -> None:
    """Raise ``AssertionError`` unless the task ``name`` of ``TASKS`` keeps its contract.

    target: ``[N, ...]`` for N toy images of 16 px; default: random labels ``[24]`` of as many kinds as the task has.
    """
    task = TASKS[name](classes)
    if target is None:
        target = torch.randint(task.outputs, (IMAGES,), generator=torch_generator("labels"))
    backbone = build_backbone("resnet9", {"width": 8}, in_channels=3, generator=torch_generator("backbone"))
    images = torch.randn(len(target), 3, 16, 16, generator=torch_generator("images"))
    with torch.no_grad():
        features = backbone(images)
    unknown = task.unsuited - set(AugmentConfig.model_fields)
    assert not unknown, f"unsuited names no augmentation: {', '.join(sorted(unknown))}"
    for mlp in (False, True):
        _check_head(task, backbone, features, target, mlp)


def _check_head(task: Task, backbone: Backbone, features: Features, target: Tensor, mlp: bool) -> None:
    with seeded_init(torch_generator("head", int(mlp))):
        head = task.head(backbone, mlp=mlp)
    optimizer = torch.optim.Adam(head.parameters(), lr=0.02)
    before = _score(task, head(features), target)
    for _ in range(200):
        optimizer.zero_grad()
        loss = task.loss(head(features), target)
        assert loss.ndim == 0, "the loss must be a scalar"
        assert torch.isfinite(loss), "the loss must be finite"
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    after = _score(task, head(features), target)
    better = after > before if task.higher_is_better else after < before
    assert better, f"less loss must mean a better {task.primary_metric}: it went from {before:.3f} to {after:.3f}"


def _score(task: Task, output: Tensor, target: Tensor) -> float:
    measured = task.metrics(output.detach(), target)
    assert task.primary_metric in measured, f"metrics lack the primary one, '{task.primary_metric}'"
    assert all(isinstance(value, float) and math.isfinite(value) for value in measured.values()), "metrics are floats"
    return measured[task.primary_metric]
