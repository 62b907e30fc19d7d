"""Build what a study trains, once and before any of its work, to hear what does not fit."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from headstart.backbones import Backbone, build_backbone
from headstart.data.dataset import ImageSet
from headstart.data.sources.base import SourceInfo
from headstart.errors import CheckpointError, ConfigError
from headstart.methods import Teacher, build_method
from headstart.seeding import torch_generator
from headstart.study.config.arms import PATCHES
from headstart.study.config.choices import BackboneChoice
from headstart.study.config.study import StudyConfig
from headstart.study.config.weights import teacher_of, weights_of
from headstart.tasks import TASKS
from headstart.training import PROTOCOLS, SupervisedConfig
from headstart.training.features import evaluating
from headstart.training.protocols import LabelledRun

__all__ = ["check_networks"]

FEW_IMAGES = 1000
"""A method's memory grows with the images it will see; whether the method can be built does not depend on them."""


def check_networks(config: StudyConfig, info: SourceInfo) -> None:
    """Raises ``ConfigError`` for a backbone, method or batch that does not fit images as ``about`` tells of them."""
    built: dict[str, Backbone] = {}
    for arm, settings in config.arms.items():
        choice = _network(config, arm)
        split = settings.splits
        seen = _seen(config, info, arm)
        name = f"{choice.identity()} {split} {seen.channels} {seen.resolution}"
        if name not in built:
            own = split or settings.backbone or settings.weights
            built[name] = _backbone(choice, seen, split, f"arms.{arm}" if own else "backbone")
        if settings.weights:
            _check_weights(config, arm, built[name], split)
        if settings.pretrains:
            teacher = _teacher(config, info, seen, arm) if settings.teacher else None
            _check_method(config, seen, arm, built[name], teacher)
        _check_protocols(config, seen, arm, built[name])
    if PATCHES in config.controls:
        with _naming("patches"):
            config.patches.check(config.pretrain_source.info().counts["train"], info.resolution)


def _network(config: StudyConfig, arm: str) -> BackboneChoice:
    """An arm's network: of one that starts from a file, what its card may name."""
    if config.arms[arm].weights is None:
        return config.backbone_of(arm)
    with _naming(f"arms.{arm}"):
        return weights_of(config, arm)[0].backbone


def _seen(config: StudyConfig, info: SourceInfo, arm: str) -> SourceInfo:
    """Images as the network of an arm sees them."""
    if config.arms[arm].weights is None:
        return info
    with _naming(f"arms.{arm}"):
        _, expected = weights_of(config, arm)
        expected.check(info.channels)
    side = expected.resolution or info.resolution
    return replace(info, channels=expected.channels or info.channels, resolution=side)


def _check_weights(config: StudyConfig, arm: str, backbone: Backbone, split: bool) -> None:
    """Whether the file holds what the backbone is made of."""
    with _naming(f"arms.{arm}"):
        if split:
            raise ConfigError(
                f"method '{config.arms[arm].method}' learns with two networks of half the width, which no file of one "
                "network can begin: choose another method"
            )
        file, _ = weights_of(config, arm)
        file.matched(backbone)


def _teacher(config: StudyConfig, info: SourceInfo, seen: SourceInfo, arm: str) -> Teacher:
    """What an arm learns from, if its file holds that network, and the network takes what is ``seen`` by the arm's."""
    with _naming(f"arms.{arm}.teacher"):
        file, expected = teacher_of(config, arm)
        expected.check(info.channels)
        choice, draws = file.backbone, torch_generator("check")
        backbone = build_backbone(choice.name, choice.options, in_channels=file.channels, generator=draws)
        file.matched(backbone)
        side = expected.resolution or seen.resolution
        backbone.check_input(file.channels, side)
        _look_once(backbone, file.channels, side, choice.label)
        return Teacher(backbone)


def _look_once(backbone: Backbone, channels: int, side: int, label: str) -> None:
    """Raises ``ConfigError`` where a network takes no images of ``side``, as some of timm's are made for one size."""
    try:
        with torch.no_grad(), evaluating(backbone):
            backbone(torch.zeros(1, channels, side, side))
    except (AssertionError, AttributeError, IndexError, RuntimeError, TypeError, ValueError) as error:
        told = (str(error).splitlines() or [type(error).__name__])[0]
        raise ConfigError(
            f"{label} takes no images of {side} px ({told}): say options: {{img_size: {side}}} if it has that option, "
            "or give it images as it was made for, by dataset.resolution or, of weights, input: {resolution: …}"
        ) from None


def _backbone(choice: BackboneChoice, info: SourceInfo, split: bool, key: str) -> Backbone:
    generator = torch_generator("check")
    with _naming(key):
        backbone = build_backbone(
            choice.name, choice.options, in_channels=info.channels, split=split, generator=generator
        )
    with _naming("dataset"):
        backbone.check_input(info.channels, info.resolution)
    with _naming(key):
        _look_once(backbone, info.channels, info.resolution, choice.label)
    return backbone


def _check_method(config: StudyConfig, info: SourceInfo, arm: str, backbone: Backbone, teacher: Teacher | None) -> None:
    """Batches are whole ones, and those of several processes count as one, so none is smaller than ``batch_size``."""
    name, settings = config.arms[arm].method, config.arms[arm]
    images = min(config.pretrain_source.info().counts["train"], FEW_IMAGES)
    with _naming(f"arms.{arm}"):
        generator = torch_generator("check")
        others: dict[str, Any] = {"images": images, "generator": generator, "teacher": teacher}
        method = build_method(name, settings.options.model_dump(), backbone, **others)
        method.check_resolution(info.resolution)
    key = f"arms.{arm}.pretrain.batch_size" if "batch_size" in settings.pretrain.model_dump() else "pretrain.batch_size"
    size, fewest = config.pretraining(arm).batch_size, method.fewest_images
    if size < fewest:
        raise ConfigError(
            f"{key} is {size}, and method '{name}' needs at least {fewest} images a batch: set it to {fewest} or more"
        )
    if size == 1:
        _check_norms(key, f"method '{name}'", method)


def _check_protocols(config: StudyConfig, info: SourceInfo, arm: str, backbone: Backbone) -> None:
    """Whether each protocol can learn from batches of one image, where it is told to."""
    for protocol, options in config.protocols_of(arm).items():
        if isinstance(options, SupervisedConfig) and options.batch_size == 1:
            overrides = config.arms[arm].protocols.get(protocol)
            where = f"arms.{arm}.protocols" if overrides and "batch_size" in overrides.model_dump() else "protocols"
            for task in config.tasks:
                learner = _learner(config, info, protocol, task, backbone, options)
                _check_norms(f"{where}.{protocol}.batch_size", f"protocol '{protocol}'", learner)


def _learner(
    config: StudyConfig, info: SourceInfo, protocol: str, name: str, backbone: Backbone, options: SupervisedConfig
) -> nn.Module | None:
    """What a protocol trains on a task, as it is built for two blank images."""
    task, side = TASKS[name](info.classes), info.resolution
    shape = (2, side, side) if task.per_location else (2,)
    target = torch.ones(shape, dtype=torch.int64)
    images = ImageSet(torch.zeros(2, info.channels, side, side), {task.target: target})
    settings = options.for_labels(len(images), options.first_steps)
    run = LabelledRun(backbone, task.fitted(target), images, settings, config.augment, config.seed)
    return PROTOCOLS[protocol].prepare(run).learner


def _check_norms(key: str, who: str, learner: nn.Module | None) -> None:
    """Raise ``ConfigError`` where batch norms would learn from one image at a time.

    torch refuses that for one location. With more of them each image would be centred and scaled by itself, so that
    nothing is left of how it differs from others as a whole, while evaluation goes by the statistics of many images.
    """
    if learner is not None and any(isinstance(part, _BatchNorm) for part in learner.modules()):
        raise ConfigError(
            f"{key} is 1, and {who} trains batch norms here, which take their statistics from the images of a batch: "
            "set it to 2 or more"
        )


@contextmanager
def _naming(key: str) -> Iterator[None]:
    """A refusal inside names the ``key`` of the study that it is about."""
    try:
        yield
    except (ConfigError, CheckpointError) as error:
        raise ConfigError(f"{key}: {error}") from None
