"""From an arm's configuration to what runs: its starts, and the protocols with its own settings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headstart.data.transforms.input import ImageInput
from headstart.seeding import derive_seed
from headstart.study.config.arms import PATCHES, RANDOM, SCRATCH, Role
from headstart.study.config.study import StudyConfig
from headstart.study.config.weights import teacher_of, weights_of
from headstart.study.jobs.dataset import DatasetJob
from headstart.study.jobs.patches import PatchesJob
from headstart.study.jobs.pool import pool_of
from headstart.study.jobs.pretrain import PretrainJob
from headstart.study.jobs.starts import PatchesStart, PretrainedStart, RandomStart, Start
from headstart.study.jobs.weights import WeightsJob, WeightsStart
from headstart.tasks import TASKS
from headstart.training.config import ClosedForm, SupervisedConfig
from headstart.training.protocols import PROTOCOLS

__all__ = ["Arm", "arms_of"]


@dataclass(frozen=True)
class Arm:
    """A named way for a network to start, as it is run.

    starts: one per pretraining seed, dealt to the trials in turn. protocols: what is measured of it, with the settings
    it has there. note: what it has of its own, in words.
    """

    name: str
    role: Role
    starts: tuple[Start, ...]
    protocols: Mapping[str, SupervisedConfig | ClosedForm]
    note: str = ""

    def start(self, trial: int) -> Start:
        """Where the network of a trial starts."""
        return self.starts[trial % len(self.starts)]


def arms_of(config: StudyConfig, pretrain_dataset: DatasetJob) -> tuple[Arm, ...]:
    """The arms of a settled study and its controls of frozen features.

    Arms of random weights are measured by the protocols that train the backbone; the controls by those that freeze it,
    with the study's own settings.
    """
    arms = [_arm(config, name, pretrain_dataset) for name in config.arms]
    frozen = {name: options for name, options in config.protocols.items() if PROTOCOLS[name].frozen}
    if frozen:
        arms += [Arm(name, "control", (start,), frozen) for name, start in _controls(config, pretrain_dataset)]
    return tuple(arms)


def _controls(config: StudyConfig, pretrain_dataset: DatasetJob) -> Iterator[tuple[str, Start]]:
    """Features that owe nothing to a method: of random weights, and of patches of the images that it learns from."""
    if RANDOM in config.controls:
        yield RANDOM, RandomStart(config.backbone, _expected(config))
    if PATCHES in config.controls:
        seed, pool = derive_seed("study", config.seed, "patches"), pool_of(pretrain_dataset)
        yield PATCHES, PatchesStart(PatchesJob(pretrain_dataset, _expected(config), config.patches, seed, pool))


def _arm(config: StudyConfig, name: str, pretrain_dataset: DatasetJob) -> Arm:
    arm = config.arms[name]
    role: Role = "baseline" if name == config.baseline else "compared"
    starts = tuple(_starts(config, name, pretrain_dataset))
    protocols = config.protocols_of(name)
    if arm.method == SCRATCH:
        protocols = {name: options for name, options in protocols.items() if not PROTOCOLS[name].frozen}
    return Arm(name, role, starts, protocols, arm.note(config.backbone))


def _starts(config: StudyConfig, name: str, dataset: DatasetJob) -> Iterator[Start]:
    arm = config.arms[name]
    first = _first(config, name)
    if not arm.pretrains:
        yield first
        return
    for replicate in range(config.pretrain_seeds):
        seed = derive_seed("study", config.seed, "pretraining", replicate)
        yield PretrainedStart(_pretraining(config, name, first, dataset, seed))


def _first(config: StudyConfig, name: str) -> Start:
    """Where an arm begins, before any method."""
    arm = config.arms[name]
    if arm.weights is not None:
        file, expected = weights_of(config, name)
        return WeightsStart(WeightsJob(file), expected)
    return RandomStart(config.backbone_of(name), _expected(config), split=arm.splits)


def _teacher(config: StudyConfig, name: str) -> Start | None:
    """What an arm's method learns from, if it does so from another network."""
    if config.arms[name].teacher is None:
        return None
    file, expected = teacher_of(config, name)
    return WeightsStart(WeightsJob(file), expected)


def _pretraining(config: StudyConfig, name: str, start: Start, dataset: DatasetJob, seed: int) -> PretrainJob:
    arm = config.arms[name]
    return PretrainJob(
        dataset=dataset,
        start=start,
        method=arm.method,
        options=arm.options,
        train=config.pretraining(name),
        augment=config.augmentation(name),
        watched=tuple(_watched(config)),
        seed=seed,
        device=config.settled_device,
        pool=pool_of(dataset),
        teacher=_teacher(config, name),
    )


def _watched(config: StudyConfig) -> Iterator[str]:
    """All tasks that ship, so that studies of different tasks share pretrainings; others where the study asks for
    them."""
    for name in TASKS:
        if TASKS.traits(name).__module__.startswith("headstart.") or name in config.tasks:
            yield name


def _expected(config: StudyConfig) -> ImageInput:
    """Images in the study's color space, normalised by their own training split."""
    return ImageInput(config.settled_color)
