"""Refuse a study that cannot work before any of its work is done."""

from collections.abc import Iterator
from itertools import combinations

from headstart.data.batches.budgets import check_budgets
from headstart.data.sources.base import SourceInfo
from headstart.data.sources.unlabelled import UnlabelledPictures
from headstart.errors import ConfigError
from headstart.methods import METHODS
from headstart.study.config.settle import settle
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import Suite
from headstart.tasks import TASKS
from headstart.training.precision import has_cuda

__all__ = ["check_study", "check_suite"]


def check_suite(suite: Suite, *, networks: bool = True) -> tuple[str, ...]:
    """``check_study`` of each study; what they say together, in sentences, each once."""
    notes: dict[str, None] = {}
    built: set[str] = set()
    for variant in suite.variants:
        unknown = _of_networks(variant.config) not in built
        built.add(_of_networks(variant.config))
        try:
            notes |= dict.fromkeys(check_study(variant.config, networks=networks and unknown))
        except ConfigError as error:
            where = ", ".join(f"{name}={value}" for name, value in variant.values.items())
            raise (ConfigError(f"with {where}: {error}") if where else error) from None
    return tuple(notes)


def _of_networks(config: StudyConfig) -> str:
    """All that networks and methods can fail to fit, in one text: not what images show."""
    info, source = config.dataset.info(), config.pretrain_source.info()
    settings = config.model_dump_json(exclude={"dataset", "pretrain_dataset"})
    return f"{settings} {info.channels} {info.resolution} {info.classes} {min(info.counts.values())} {source.counts}"


def check_study(config: StudyConfig, *, networks: bool = True) -> tuple[str, ...]:
    """Raises ``ConfigError`` for what does not fit: dataset, tasks, budgets, networks, methods, batches and devices.

    networks: whether to build networks and methods, once, to hear what does not fit, which takes torch: those that have
    been trained fit. No image is made. Returns what the user may not have meant, a sentence each.
    """
    config = settle(config)
    info = config.dataset.info()
    _check_splits(config, info)
    for task in config.tasks:
        _check_task(config, info, task)
    if config.labels_by == "group" and "group" not in info.targets:
        raise ConfigError(
            f"labels_by is group, and dataset '{config.dataset.name}' tells no groups: give it group_column, or "
            "group_by, or draw labels by image"
        )
    _check_color(config, info)
    if config.pretrain_dataset:
        _check_same_images(info, config.pretrain_dataset.info())
    _check_stream(config)
    _check_unlabelled(config, info)
    if config.device == "cuda":
        _check_devices(config)
    if networks:
        from headstart.study.config.check_networks import check_networks  # it loads torch

        check_networks(config, info)
    return (*_left_out(config), *_twins(config))


def _check_devices(config: StudyConfig) -> None:
    if not has_cuda():
        raise ConfigError("device is cuda, and there is no CUDA device here: set device to cpu, or leave it out")
    from headstart.training.devices import check_devices

    for arm in config.pretrained_arms:
        check_devices(config.pretraining(arm).devices, config.device)


def _check_splits(config: StudyConfig, info: SourceInfo) -> None:
    uses = {"val": "validation images, on which steps are chosen", "test": "test images, on which arms are compared"}
    for split, use in uses.items():
        if not info.counts.get(split):
            raise ConfigError(
                f"dataset '{config.dataset.name}' has no {use}: move some of its training images to split '{split}'"
            )


def _check_task(config: StudyConfig, info: SourceInfo, name: str) -> None:
    task = TASKS.traits(name)
    if task.target not in info.targets:
        raise ConfigError(
            f"tasks: '{name}' needs the target '{task.target}', and dataset '{config.dataset.name}' has "
            f"{', '.join(info.targets) or 'none'}: choose another task or dataset"
        )
    check_budgets(
        config.measured_budgets,
        images=info.counts["train"],
        fewest=task.fewest_labels(info.classes),
        where=f"budgets (task '{name}')",
    )


def _check_color(config: StudyConfig, info: SourceInfo) -> None:
    for arm, settings in config.pretrained_arms.items():
        method = METHODS.traits(settings.method)
        if config.color not in method.colors:
            raise ConfigError(
                f"arms.{arm}: method '{settings.method}' works in {' or '.join(sorted(method.colors))}, because it "
                f"needs {method.why_colors}, and these images of {info.channels} channels are seen in {config.color}: "
                f"leave the arm out{', or set color to lab' if info.channels == 3 else ''}"
            )


def _check_same_images(info: SourceInfo, pretrain: SourceInfo) -> None:
    for what in ("resolution", "channels", "dtype"):
        ours, theirs = getattr(info, what), getattr(pretrain, what)
        if ours != theirs:
            raise ConfigError(
                f"pretrain_dataset.{what} is {theirs} and dataset.{what} is {ours}: weights move between images of one "
                f"{what} only, so make them equal"
            )


def _check_stream(config: StudyConfig) -> None:
    key = "pretrain_dataset" if config.pretrain_dataset else "dataset"
    if config.pretrain_source.streams:
        for arm, settings in config.pretrained_arms.items():
            if METHODS.traits(settings.method).remembers:
                raise ConfigError(
                    f"arms.{arm}: method '{settings.method}' keeps a memory of every image, and {key}.endless shows "
                    f"none twice: set {key}.endless to false or leave the arm out"
                )


def _check_unlabelled(config: StudyConfig, info: SourceInfo) -> None:
    """Images without labels, which pretraining alone sees."""
    key = "pretrain_dataset" if config.pretrain_dataset else "dataset"
    if config.pretrain_dataset and config.dataset.unlabelled:
        raise ConfigError(
            "dataset.unlabelled is for pretraining, whose images are those of pretrain_dataset here: name it as "
            "pretrain_dataset.unlabelled"
        )
    pool = config.pretrain_source.pool()
    if pool and config.pretrain_source.streams:
        raise ConfigError(f"{key}.endless shows pretraining no other images, and {key}.unlabelled has some: choose one")
    for source in pool:
        theirs = source.info()
        widened = (info.channels, theirs.channels) == (3, 1)
        for what in ("resolution", "channels", "dtype"):
            ours, found = getattr(info, what), getattr(theirs, what)
            if ours != found and not (what == "channels" and widened):
                raise ConfigError(
                    f"{key}.unlabelled ('{source.name}'): {what} is {found}, and that of the dataset {ours}: make them "
                    "alike"
                )


def _left_out(config: StudyConfig) -> Iterator[str]:
    """Files of the user's that are no part of the study, and what may not be meant by the others."""
    apart = [source for source in config.pretrain_source.pool() if isinstance(source, UnlabelledPictures)]
    for source in (config.dataset, config.pretrain_dataset, *apart):
        if source and source.info().left_out:
            yield f"dataset '{source.name}': {source.info().left_out}"
        yield from source.info().notes if source else ()
    unused = config.dataset.info().unlabelled if config.pretrain_dataset else 0
    if unused:
        yield f"dataset '{config.dataset.name}': {unused} unlabelled images are not used, for pretrain_dataset is given"


def _twins(config: StudyConfig) -> Iterator[str]:
    """Arms that are equal in all but their names."""
    for (one, ours), (other, theirs) in combinations(config.arms.items(), 2):
        if ours == theirs:
            yield f"arms '{one}' and '{other}' are equal in all but their names: they will have the same numbers"
