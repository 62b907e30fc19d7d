"""What one study has and another lacks, in words."""

from typing import NamedTuple

from headstart.study.config.study import StudyConfig
from headstart.training.config import SupervisedConfig

__all__ = ["gained", "lost", "outline"]


class _Amount(NamedTuple):
    """How much of something a study has. text: in words. short: without what it is of. measure: to compare by."""

    text: str
    short: str
    measure: float


def gained(other: StudyConfig, study: StudyConfig) -> tuple[str, ...]:
    """What ``other`` has more of than ``study``: ``8 trials instead of 4``, ``the control doubled``."""
    return (
        *_changed(other, study, 1),
        *(f"the arm {name}" for name in other.arms if name not in study.arms),
        *(f"the control {name}" for name in other.controls if name not in study.controls),
    )


def lost(other: StudyConfig, study: StudyConfig) -> tuple[str, ...]:
    """What ``other`` has less of than ``study``, in return for what it gained."""
    return _changed(other, study, -1)


def _changed(other: StudyConfig, study: StudyConfig, sign: int) -> tuple[str, ...]:
    amounts = zip(_amounts(other).values(), _amounts(study).values(), strict=True)
    return tuple(
        f"{there.text} instead of {here.short}" for there, here in amounts if sign * there.measure > sign * here.measure
    )


def outline(config: StudyConfig) -> tuple[tuple[str, str], ...]:
    """The main lines of a study, each with what it is about."""
    info = config.dataset.info()
    counts = ", ".join(f"{count:,} {split}" for split, count in info.counts.items())
    what = f"{counts}; {info.resolution} px, {_channels(info.channels)}"
    classes = f"; {len(info.classes)} classes" if info.classes else ""
    arms = ", ".join(
        f"{name} ({config.pretraining(name).steps:,} steps)" if arm.pretrains else name
        for name, arm in config.arms.items()
    )
    return (
        ("dataset", f"{what}{classes}"),
        ("tasks", ", ".join(config.tasks)),
        ("backbone", config.backbone.label),
        ("arms", arms),
        ("controls", ", ".join(config.controls) or "none"),
        ("budgets", f"{', '.join(map(str, config.budgets))} labels"),
        ("trials", f"{config.trials}, of {_amounts(config)['steps'].text}"),
    )


def _amounts(config: StudyConfig) -> dict[str, _Amount]:
    """By what they are of."""
    side = config.dataset.info().resolution
    network, width = config.backbone.label, float(config.backbone.options.get("width", 0))
    pretraining = max((config.pretraining(name).steps for name in config.pretrained_arms), default=0)
    budgets, largest = len(config.budgets), f"up to {config.budgets[-1]:,}"
    return {
        "side": _Amount(f"images of {side} px", f"{side}", side),
        "network": _Amount(f"the network {network}", network, width),
        "pretraining": _Amount(f"{pretraining:,} steps of pretraining", f"{pretraining:,}", pretraining),
        "budgets": _Amount(f"{budgets} budgets {largest} labels", f"{budgets} {largest}", budgets),
        "trials": _Amount(f"{config.trials} trials", f"{config.trials}", config.first_trials),
        "steps": _tuning(config),
    }


def _tuning(config: StudyConfig) -> _Amount:
    """Steps of fine-tuning, of the smallest budget and the largest."""
    options = config.protocols["finetune"]
    assert isinstance(options, SupervisedConfig), "fine-tuning takes steps"
    if options.finds_steps:
        words, most = f"at most {options.max_steps:,}", options.max_steps
    else:
        few, most = (options.for_labels(config.budgets[place]).steps for place in (0, -1))
        words = f"{few:,}" if few == most else f"{few:,} to {most:,}"
    return _Amount(f"{words} steps of fine-tuning", words, most)


def _channels(count: int) -> str:
    return "gray" if count == 1 else f"{count} channels"
