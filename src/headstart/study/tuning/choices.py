"""What a search chose, and the study file that says so."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from headstart.schema import set_key
from headstart.space import Value
from headstart.study.tuning.knobs import Knobs
from headstart.study.tuning.trials import Trial

__all__ = ["Choice", "best_trial", "choose", "with_choices"]


class Choice(NamedTuple):
    """What was chosen for an arm: settings that differ from its own.

    default, chosen: scores on validation images, more being better; NaN where a run had none.
    """

    arm: str
    values: Mapping[str, Value]
    default: float
    chosen: float

    @property
    def text(self) -> str:
        """``finetune.lr 0.002``, or that nothing did better."""
        parts = [f"{path.removeprefix('protocols.')} {value}" for path, value in self.values.items()]
        return ", ".join(parts) or "nothing did better than its own settings"


def choose(trials: Sequence[Trial], knobs: Knobs) -> Choice:
    """The best of an arm's trials, its default first."""
    best = best_trial(trials)
    differing = {path: value for path, value in best.values.items() if value != knobs[path].default}
    return Choice(best.arm, differing, trials[0].score, best.score)


def best_trial(trials: Sequence[Trial]) -> Trial:
    """Of an arm's trials, its default first, the finished one with the highest score.

    Of equals it is the first, so that nothing but a better one takes the default's place.
    """
    finished = [trial for trial in trials if trial.status == "finished"]
    return max(finished, key=lambda trial: (trial.score, -trial.number), default=trials[0])


def with_choices(written: Mapping[str, Any], choices: Iterable[Choice]) -> dict[str, Any]:
    """A study file's keys with what was chosen among the settings of its arms."""
    keys = copy.deepcopy(dict(written))
    for choice in choices:
        for path, value in choice.values.items():
            set_key(keys, f"arms.{choice.arm}.{path}", value, "tune")
    return keys
