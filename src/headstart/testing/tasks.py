"""What every task promises."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from headstart.backbones import Backbone, Features, build_backbone, seeded_init
from headstart.data.transforms.augment import AugmentConfig
from headstart.seeding import torch_generator
from headstart.tasks import TASKS, Task
from headstart.testing.toys import toy_target

__all__ = ["check_task"]

CLASSES = ("ball", "box", "cone")
IMAGES = 24
RESOLUTION = 16


def check_task(name: str, target: Tensor | None = None, *, classes: Sequence[str] = CLASSES) -> None:
    """Raise ``AssertionError`` unless the task ``name`` of ``TASKS`` keeps its contract.

    target: ``[N, ...]`` for N toy images of 16 px; default: random ones of the task's kind.

    >>> check_task("classification")  # doctest: +SKIP
    """
    plain = TASKS[name](classes)
    if target is None:
        target = toy_target(plain, IMAGES, RESOLUTION)
    plain.check_target(target, RESOLUTION)
    _check_strata(plain, target)
    unknown = plain.unsuited - set(AugmentConfig.model_fields)
    assert not unknown, f"unsuited names no augmentation: {', '.join(sorted(unknown))}"
    task = plain.fitted(target)
    assert _score(task, _repeated(task.constant(target), len(target)), target), "the best constant must have a score"
    _check_ideal(task, target)
    backbone = build_backbone("resnet9", {"width": 8}, in_channels=3, generator=torch_generator("backbone"))
    images = torch.randn(len(target), 3, RESOLUTION, RESOLUTION, generator=torch_generator("images"))
    with torch.no_grad():
        features = backbone(images)
    for mlp in (False, True):
        _check_head(task, backbone, features, target, mlp)


def _check_strata(task: Task, target: Tensor) -> None:
    strata = task.strata(target)
    assert strata.shape == (len(target),), "strata must have a number per image"
    assert not strata.is_floating_point(), "strata must be whole numbers"


def _check_ideal(task: Task, target: Tensor) -> None:
    """What outputs should be is better than any constant, and is a map where targets are."""
    if not task.has_ideal():
        return
    ideal = task.ideal(target)
    assert ideal.shape == (len(target), task.outputs, *target.shape[1:]), f"ideal outputs are {tuple(ideal.shape)}"
    best, guess = _score(task, ideal, target), _score(task, _repeated(task.constant(target), len(target)), target)
    better = best > guess if task.higher_is_better else best < guess
    assert better, f"ideal outputs must have a better {task.primary_metric} than the best constant"


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
    output = head(features).detach()
    _check_streaming(task, output, target)
    hits = task.hits(output, target)
    assert hits is None or math.isclose(float(hits.float().mean()), after, rel_tol=1e-4), (
        f"the share of images that are right must be {task.primary_metric}, or hits None"
    )
    answered = task.answer(head(features), (RESOLUTION, RESOLUTION))
    assert answered.shape == target.shape, f"answers are {tuple(answered.shape)}, targets {tuple(target.shape)}"


def _check_streaming(task: Task, output: Tensor, target: Tensor) -> None:
    """What is measured batch by batch is what is measured at once."""
    meter = task.meter()
    for rows in torch.arange(len(target)).split(7):  # type: ignore[no-untyped-call]
        meter.update(*task.scored(output[rows], target[rows]))
    for metric, value in task.metrics(output, target).items():
        assert math.isclose(float(meter.compute()[metric]), value, rel_tol=1e-4), f"'{metric}' depends on batches"


def _score(task: Task, output: Tensor, target: Tensor) -> float:
    measured = task.metrics(output.detach(), target)
    assert task.primary_metric in measured, f"metrics lack the primary one, '{task.primary_metric}'"
    assert all(isinstance(value, float) and math.isfinite(value) for value in measured.values()), "metrics are floats"
    return measured[task.primary_metric]


def _repeated(constant: Tensor, images: int) -> Tensor:
    return constant.expand(images, *constant.shape)
