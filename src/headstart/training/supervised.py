"""Learning a task from labels by a protocol, and being tested on it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from headstart.backbones.base import Backbone
from headstart.data.dataset import ImageSet
from headstart.data.transforms.augment import AugmentConfig
from headstart.errors import DataError
from headstart.registry import lookup
from headstart.tasks.base import Task
from headstart.training.config import TrainConfig
from headstart.training.features import Precomputed, evaluating, together
from headstart.training.loop import TrainReport, train
from headstart.training.precision import Precision, autocast
from headstart.training.protocols import PROTOCOLS, LabelledRun, Settings, Setup, check_fits
from headstart.training.protocols.base import Supervised

__all__ = ["Evaluation", "answers", "evaluate", "evaluate_images", "fit"]


def fit(
    protocol: str,
    backbone: Backbone,
    task: Task,
    labelled: ImageSet,
    config: Settings,
    *,
    seed: int,
    augment: AugmentConfig | None = None,
    folder: Path | None = None,
    key: str = "",
    on_step: Callable[[int], None] | None = None,
) -> tuple[Supervised, TrainReport]:
    """Train ``task`` on ``backbone`` (in place) by a protocol of ``PROTOCOLS`` from labelled images.

    config: the protocol's options for this number of labels. seed: of the head's first weights and of the batches.
    backbone, labelled: or ``Precomputed`` and a ``feature_set``, for a protocol that freezes the backbone.
    augment: default all; the task's exceptions come on top. folder, key, on_step: as ``train`` takes them.
    Returns the model and the report. Raises ``ConfigError`` for a protocol that is unknown or does not fit the task,
    and ``DataError`` for images without the task's target, or with targets that are no answers to it.

    >>> from headstart.backbones import build_backbone
    >>> from headstart.seeding import torch_generator
    >>> from headstart.tasks import Classification
    >>> from headstart.testing import toy_images
    >>> from headstart.training import PROTOCOLS
    >>> backbone = build_backbone("resnet9", {"width": 2}, in_channels=3, generator=torch_generator("weights"))
    >>> task, settings = Classification(["a", "b", "c", "d"]), PROTOCOLS["knn"].Config()
    >>> model, report = fit("knn", backbone, task, toy_images(40), settings, seed=1)
    >>> report.failure is None
    True
    """
    how = lookup(PROTOCOLS, "protocol", protocol)
    check_fits(how, task)
    target = _target(labelled, task)
    if not isinstance(backbone, Precomputed):  # of features nothing tells how large the images were
        task.check_target(target, labelled.raw_resolution)
    backbone.to(labelled.device)
    run = LabelledRun(backbone, task.fitted(target), labelled, config, augment or AugmentConfig(), seed)
    started = time.perf_counter()
    setup = how.prepare(run)
    model = setup.model.to(labelled.device)
    return model, _train(setup, config, folder, key, on_step) or TrainReport(0, time.perf_counter() - started, [])


def _train(
    setup: Setup, config: Settings, folder: Path | None, key: str, on_step: Callable[[int], None] | None
) -> TrainReport | None:
    if setup.learner is None or setup.loader is None:
        return None
    assert isinstance(config, TrainConfig)
    return train(setup.learner, setup.loader, config, folder=folder, key=key, on_step=on_step)


def evaluate(
    model: Supervised, images: ImageSet, *, batch_size: int | None = None, precision: Precision = "auto"
) -> dict[str, float]:
    """The task's metrics over all of ``images``, unaugmented, in eval mode, leaving ``model`` as it was.

    >>> evaluate(model, dataset.test)["accuracy"]  # doctest: +SKIP
    """
    return evaluate_images(model, images, batch_size=batch_size, precision=precision).metrics


class Evaluation(NamedTuple):
    """Metrics by name, and which images the model got right, bool ``[N]``, where the primary one is their share."""

    metrics: dict[str, float]
    hits: Tensor | None


def evaluate_images(
    model: Supervised, images: ImageSet, *, batch_size: int | None = None, precision: Precision = "auto"
) -> Evaluation:
    """What ``evaluate`` tells, and of which images it is the mean.

    >>> evaluate_images(model, dataset.test).hits.float().mean()  # doctest: +SKIP
    """
    target = _target(images, model.task)
    meter = model.task.meter().to(images.device)
    size = batch_size or together(images)
    outputs = answers(model, images, batch_size=size, precision=precision)
    hits = []
    for output, part in zip(outputs, torch.split(target, size), strict=True):
        known = part.to(images.device)
        meter.update(*model.task.scored(output, known))
        hits.append(model.task.hits(output, known))
    metrics = {name: float(value) for name, value in meter.compute().items()}
    found = [one for one in hits if one is not None]
    return Evaluation(metrics, torch.cat(found).cpu() if found else None)


def answers(
    model: Supervised, images: ImageSet, *, batch_size: int | None = None, precision: Precision = "auto"
) -> list[Tensor]:
    """float32 outputs for ``images``, unaugmented, batch by batch, in eval mode.

    >>> torch.cat(answers(model, dataset.test)).argmax(dim=1)  # doctest: +SKIP
    """
    context = autocast(precision, images.device)
    outputs = []
    with torch.inference_mode(), evaluating(model):
        for batch in images.batches(batch_size or together(images)):
            with context():
                outputs.append(model(batch).float())
    return outputs


def _target(images: ImageSet, task: Task) -> Tensor:
    if task.target not in images.targets:
        have = ", ".join(sorted(images.targets)) or "none"
        raise DataError(
            f"task '{task.name}' needs the target '{task.target}', and these images have {have}: choose another"
        )
    return images.targets[task.target]
