"""Refuse a study that cannot work before any of its work is done."""

from headstart.data.batches.budgets import check_budgets
from headstart.data.sources.base import SourceInfo
from headstart.data.transforms.color import resolve_color
from headstart.errors import ConfigError
from headstart.methods import METHODS
from headstart.study.config.check_networks import check_networks
from headstart.study.config.study import StudyConfig
from headstart.tasks import TASKS
from headstart.training.devices import check_devices

__all__ = ["check_study"]


def check_study(config: StudyConfig) -> None:
    """Raises ``ConfigError`` for what does not fit: dataset, tasks, budgets, networks, methods, batches and devices.

    Networks and methods are built once; no image is made.
    """
    about = config.dataset.about()
    for task in config.tasks:
        _check_task(config, about, task)
    _check_color(config, about)
    if config.pretrain_dataset:
        _check_same_images(about, config.pretrain_dataset.about())
    _check_stream(config)
    for method in config.methods:
        check_devices(config.pretraining(method).devices)
    check_networks(config, about)


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


def _check_color(config: StudyConfig, about: SourceInfo) -> None:
    try:
        color = resolve_color(config.color, about.channels)
    except ConfigError as error:
        raise ConfigError(f"dataset '{config.dataset.name}': {error}") from None
    for name in config.methods:
        if color not in METHODS[name].colors:
            raise ConfigError(
                f"method '{name}' works in {' or '.join(sorted(METHODS[name].colors))}, because it needs "
                f"{METHODS[name].why_colors}, and images of {about.channels} channels are seen in {color}: leave it out"
            )


def _check_same_images(about: SourceInfo, pretrain: SourceInfo) -> None:
    for what in ("resolution", "channels"):
        ours, theirs = getattr(about, what), getattr(pretrain, what)
        if ours != theirs:
            raise ConfigError(
                f"pretrain_dataset.{what} is {theirs} and dataset.{what} is {ours}: weights move between images of one "
                f"{what} only, so make them equal"
            )


def _check_stream(config: StudyConfig) -> None:
    key = "pretrain_dataset" if config.pretrain_dataset else "dataset"
    if config.pretrain_source.streams:
        for method in config.methods:
            if METHODS[method].remembers:
                raise ConfigError(
                    f"methods.{method} keeps a memory of every image, and {key}.endless shows none twice: "
                    f"set {key}.endless to false or leave the method out"
                )
