"""Refuse a study that cannot work before any of its work is done."""

from headstart.backbones import build_backbone
from headstart.data.budgets import check_budgets
from headstart.data.sources.base import SourceInfo
from headstart.errors import ConfigError
from headstart.methods import METHODS
from headstart.seeding import torch_generator
from headstart.study.config import StudyConfig
from headstart.tasks import TASKS
from headstart.training.devices import check_devices

__all__ = ["check_study"]


def check_study(config: StudyConfig) -> None:
    """Raises ``ConfigError`` for budgets, targets, resolutions, channels or devices that do not fit."""
    about = config.dataset.about()
    for task in config.tasks:
        _check_task(config, about, task)
    _check_backbone(config, about)
    _check_stream(config)
    for method in config.methods:
        check_devices(config.pretraining(method).devices)
    if config.pretrain_dataset:
        _check_same_images(about, config.pretrain_dataset.about())


def _check_task(config: StudyConfig, about: SourceInfo, name: str) -> None:
    task = TASKS[name]
    if task.target not in about.targets:
        raise ConfigError(
            f"tasks: '{name}' needs the target '{task.target}', and dataset '{config.dataset.name}' has "
            f"{', '.join(about.targets)}: choose another task or dataset"
        )
    check_budgets(
        config.budgets,
        images=about.counts["train"],
        fewest=task.fewest_labels(about.classes),
        where=f"budgets (task '{name}')",
    )


def _check_backbone(config: StudyConfig, about: SourceInfo) -> None:
    """Build each form that the study uses once; a split backbone's two halves together take the images' channels."""
    for split in {False, *(METHODS[name].split_backbone for name in config.methods)}:
        backbone = build_backbone(
            config.backbone.name,
            config.backbone.options,
            in_channels=about.channels,
            split=split,
            generator=torch_generator("check"),
        )
        backbone.check_input(about.channels, about.resolution)


def _check_stream(config: StudyConfig) -> None:
    key = "pretrain_dataset" if config.pretrain_dataset else "dataset"
    if config.pretrain_source.streams:
        for method in config.methods:
            if METHODS[method].remembers:
                raise ConfigError(
                    f"methods.{method} keeps a memory of every image, and {key}.endless shows none twice: "
                    f"set {key}.endless to false or leave the method out"
                )


def _check_same_images(about: SourceInfo, pretrain: SourceInfo) -> None:
    for what in ("resolution", "channels"):
        ours, theirs = getattr(about, what), getattr(pretrain, what)
        if ours != theirs:
            raise ConfigError(
                f"pretrain_dataset.{what} is {theirs} and dataset.{what} is {ours}: weights move between images of one "
                f"{what} only, so make them equal"
            )
