"""What a search is: a study, what is turned in each of its arms, how settings are judged, and how often."""

from collections.abc import Mapping, Sequence
from typing import Any

from headstart.data.batches.budgets import middle_budget
from headstart.errors import ConfigError
from headstart.registry import lookup
from headstart.schema import Schema
from headstart.space import Value, search_spaces
from headstart.study.config.study import StudyConfig
from headstart.study.results.metrics import primary_metrics
from headstart.study.tuning.evaluation import Evaluation
from headstart.study.tuning.knobs import PRETRAINING, Knobs, find_knobs, fine_tuning
from headstart.training import SupervisedConfig

__all__ = ["Search", "evaluation", "plan_search"]

FEWEST_IMAGES = 2
"""Validation images without which there is nothing to choose on."""


class Search(Schema):
    """Everything that decides what is tried and chosen.

    study: settled. knobs: spaces by path, of each arm that has any. budgets, draws: labels and label draws that
    settings are judged by. trials: of each arm, the first being its default. seconds: of wall time, after which no arm
    begins another. given: settings that are tried first, of each arm, because an earlier search tried them.
    """

    study: dict[str, Any]
    task: str
    protocol: str
    budgets: tuple[int, ...]
    draws: int
    trials: int
    seconds: float | None = None
    knobs: dict[str, dict[str, str]]
    given: dict[str, list[dict[str, Value]]] = {}

    @property
    def sign(self) -> int:
        """What the task's metric times this is better the more there is of it."""
        return primary_metrics([self.task])[self.task].sign


def plan_search(
    config: StudyConfig,
    *,
    trials: int = 20,
    seconds: float | None = None,
    knobs: Sequence[str] = (),
    pretraining: bool = False,
    budgets: Sequence[int] = (),
    task: str | None = None,
    protocol: str = "finetune",
) -> tuple[Search, dict[str, Knobs]]:
    """The search of a settled study, and the knobs of each arm that has any.

    knobs: as ``find_knobs`` takes them; default: learning rate, its schedule and weight decay. pretraining: also what
    pretraining learns by. budgets: default the middle one. Raises ``ConfigError`` for what cannot be searched.
    """
    if trials < 1:
        raise ConfigError(f"--trials is {trials}: each arm needs at least 1, which is its own default")
    if seconds is not None and seconds <= 0:
        raise ConfigError("--time leaves no time: give the search some, as in --time 1h")
    _check_validation(config)
    lookup(config.protocols, "protocol of this study", protocol)
    wanted = _wanted(config, protocol, knobs, pretraining)
    found = {arm: own for arm, own in find_knobs(config, protocol, wanted).items() if own}
    search = Search(
        study=config.model_dump(mode="json"),
        task=_task(config, task),
        protocol=protocol,
        budgets=_budgets(config, budgets),
        draws=config.first_trials,
        trials=trials,
        seconds=seconds,
        knobs={arm: {path: str(knob.space) for path, knob in own.items()} for arm, own in found.items()},
    )
    return search, found


def evaluation(search: Search, config: StudyConfig, arm: str, steps: Mapping[int, int]) -> Evaluation:
    """How settings of ``arm`` are judged. steps: by budget, of arms that leave them open."""
    return Evaluation(config, arm, search.task, search.protocol, search.budgets, search.draws, steps)


def _wanted(config: StudyConfig, protocol: str, knobs: Sequence[str], pretraining: bool) -> list[str]:
    """What a user named, or the usual; and what pretraining learns by, as far as any method here has such options."""
    steps = isinstance(config.protocols[protocol], SupervisedConfig)
    usual = fine_tuning(protocol) if steps else (f"protocols.{protocol}.*",)
    options = any(search_spaces(type(arm.options)) for arm in config.arms.values())
    more = [one for one in PRETRAINING if options or not one.startswith("options.")]
    return [*(knobs or usual), *(more if pretraining else ())]


def _check_validation(config: StudyConfig) -> None:
    images = config.dataset.info().counts.get("val", 0)
    if images < FEWEST_IMAGES:
        raise ConfigError(
            f"dataset '{config.dataset.name}' has {images} validation image{'s' * (images != 1)}, on which nothing can "
            f"be chosen: move some of its training images to split 'val'"
        )


def _task(config: StudyConfig, task: str | None) -> str:
    if task is None and len(config.tasks) > 1:
        raise ConfigError(
            f"this study has several tasks, whose scores have no common unit: say which one settings are chosen by, "
            f"--task {config.tasks[0]} for example"
        )
    if task is not None and task not in config.tasks:
        raise ConfigError(f"--task '{task}' is none of this study's: choose one of {', '.join(config.tasks)}")
    return task or config.tasks[0]


def _budgets(config: StudyConfig, budgets: Sequence[int]) -> tuple[int, ...]:
    for labels in budgets:
        if labels not in config.budgets:
            known = ", ".join(map(str, config.budgets))
            raise ConfigError(f"--budgets {labels} is none of this study's budgets: choose among {known}")
    return tuple(sorted(set(budgets))) or (middle_budget(config.budgets),)
