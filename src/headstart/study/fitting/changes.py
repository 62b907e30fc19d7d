"""What one study has and another lacks, in words."""

from collections.abc import Iterator

from headstart.study.config.study import StudyConfig
from headstart.training.config import SupervisedConfig

__all__ = ["gained", "outline"]


def gained(richer: StudyConfig, poorer: StudyConfig) -> tuple[str, ...]:
    """What ``richer`` has that ``poorer`` has less of: ``8 trials instead of 4``, ``the control doubled``."""
    less = dict(_amounts(poorer))
    words = [
        f"{text} instead of {less[name][1]}" for name, (text, number) in _amounts(richer) if less[name][1] != number
    ]
    words += [f"the arm {name}" for name in richer.arms if name not in poorer.arms]
    return (*words, *(f"the control {name}" for name in richer.controls if name not in poorer.controls))


def outline(config: StudyConfig) -> tuple[tuple[str, str], ...]:
    """The main lines of a study, each with what it is about."""
    info = config.dataset.info()
    counts = ", ".join(f"{count:,} {split}" for split, count in info.counts.items())
    what = f"{counts}; {info.resolution} px, {_channels(info.channels)}"
    classes = f"; {len(info.classes)} classes" if info.classes else ""
    amounts = {name: text for name, (text, _) in _amounts(config)}
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
        ("trials", f"{config.trials}, of {amounts['steps']}"),
    )


def _channels(count: int) -> str:
    return "gray" if count == 1 else f"{count} channels"


def _amounts(config: StudyConfig) -> Iterator[tuple[str, tuple[str, str]]]:
    """By what they are of: what a study has, in words, and the number alone."""
    side = f"{config.dataset.info().resolution}"
    yield "side", (f"images of {side} px", side)
    yield "network", (f"the network {config.backbone.label}", config.backbone.label)
    steps = max((config.pretraining(name).steps for name in config.pretrained_arms), default=0)
    yield "pretraining", (f"{steps:,} steps of pretraining", f"{steps:,}")
    budgets = f"{len(config.budgets)} up to {config.budgets[-1]:,}"
    yield "budgets", (f"{len(config.budgets)} budgets up to {config.budgets[-1]:,} labels", budgets)
    yield "trials", (f"{config.trials} trials", f"{config.trials}")
    tuned = _tuning(config)
    yield "steps", (f"{tuned} steps of fine-tuning", tuned)


def _tuning(config: StudyConfig) -> str:
    """Steps of fine-tuning, of the smallest budget and the largest."""
    options = config.protocols["finetune"]
    assert isinstance(options, SupervisedConfig), "fine-tuning takes steps"
    if options.finds_steps:
        return f"at most {options.max_steps:,}"
    few, many = (options.for_labels(config.budgets[place]).steps for place in (0, -1))
    return f"{few:,}" if few == many else f"{few:,} to {many:,}"
