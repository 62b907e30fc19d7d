"""A study that fits the time: of a recipe, or of images that nobody wrote a study for."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from headstart.data.exchange.account import Guess
from headstart.data.sources import Source
from headstart.errors import ConfigError
from headstart.schema import apply_override, validate
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import load_suite
from headstart.study.fitting.changes import gained, lost
from headstart.study.fitting.cost import SHARE, seconds_needed
from headstart.study.fitting.earlier import Earlier, earlier
from headstart.study.fitting.efforts import LARGER, LIMITS, Effort, Limit, Size, efforts, limited, sizes
from headstart.study.fitting.ladder import choose
from headstart.study.fitting.look import look_at
from headstart.study.fitting.template import Template
from headstart.study.running.others import Others
from headstart.study.running.store import Store

__all__ = ["MORE_TIME", "Candidates", "Fitted", "of_data", "of_recipe"]

MORE_TIME = 3
"""Times the time that is given: what that would buy is said."""
Make = Callable[[], StudyConfig]


@dataclass(frozen=True)
class Fitted:
    """What was chosen. seconds: that it takes, or ``None`` where nobody asked. guesses: what was taken for granted,
    besides what sources say. left_out: what a study with all the time it can use has. more: seconds, what they would
    buy, and what in return. notes: sentences on an earlier run, and on a busy machine. replaces: whether that
    run may be written over, because it is known."""

    config: StudyConfig
    guesses: tuple[str, ...] = ()
    seconds: float | None = None
    left_out: tuple[str, ...] = ()
    more: tuple[float, tuple[str, ...], tuple[str, ...]] | None = None
    notes: tuple[str, ...] = ()
    replaces: bool = False


class Candidates:
    """Studies to choose from. floors: as ``choose`` takes them, each rung a function that makes its study. usual:
    the one that is taken where time does not matter. guesses: what was taken for granted. what: they are called in a
    refusal."""

    def __init__(self, floors: Sequence[Sequence[Make]], usual: Make, guesses: Sequence[Guess], what: str) -> None:
        self.floors, self._usual, self.guesses, self.what = floors, usual, tuple(map(str, guesses)), what
        self._made: dict[Make, StudyConfig] = {}

    def config(self, rung: Make) -> StudyConfig:
        """A rung's study, made once."""
        if rung not in self._made:
            self._made[rung] = rung()
        return self._made[rung]

    @property
    def richest(self) -> StudyConfig:
        return self.config(self.floors[-1][0])

    def usual(self) -> Fitted:
        """Without regard to time: a recipe as it stands; of found images about as much as the quickstart does, of
        the smallest size."""
        return Fitted(self.config(self._usual), self.guesses)

    def fit(
        self, seconds: float, store: Store, workers: int | None = None, out: Path | None = None, replace: bool = False
    ) -> Fitted:
        """The richest that fits ``seconds`` on this machine, less what ``store`` holds of it already.

        out: folder of runs. A run there of one of these studies, meant to take as long, is gone on with, so that what
        was chosen once is not chosen otherwise because a machine was slower; unless it is to be replaced. Raises
        ``ConfigError`` where none fits.
        """
        found = earlier(out, self.richest.name, self._all(), seconds) if out and not replace else Earlier()
        if found.same is not None:
            return Fitted(_timed(found.same, seconds), self.guesses, notes=(found.note,), replaces=True)
        spent, others = dict[Make, float](), Others()

        def cost(rung: Make) -> float:
            if rung not in spent:
                spent[rung] = seconds_needed(self.config(rung), store, workers) / SHARE
            return spent[rung]

        choice = choose(self.floors, cost, seconds, self.what)
        chosen, longer = self.config(choice.rung), MORE_TIME * seconds
        better = self.config(choose(self.floors, cost, longer).rung)
        return Fitted(
            _timed(chosen, seconds),
            self.guesses,
            SHARE * choice.seconds,
            gained(self.richest, chosen),
            (longer, bought, lost(better, chosen)) if (bought := gained(better, chosen)) else None,
            tuple(filter(None, (found.note, others.sentence()))),
            replaces=found.other,
        )

    def _all(self) -> list[StudyConfig]:
        return [self.config(rung) for floor in self.floors for rung in floor]


def of_data(path: Path, overrides: Sequence[str]) -> Candidates:
    """Studies of the images at ``path``, with the user's keys. Raises ``HeadstartError`` for what cannot be told."""
    given: dict[str, Any] = {}
    for override in overrides:
        apply_override(given, override)
    if "vary" in given:
        raise ConfigError("--data makes one study, and vary makes several: write a YAML file for a suite")
    options = _options(given.pop("dataset", None))
    said = {*given, *(["format"] if "source" in options else [])}
    found = look_at(path, options)
    template = Template(found, _tasks(given.get("tasks")))
    make = partial(_of_template, template, _of_others(overrides), str(path))
    ladder = sizes(found.sides)
    floors = [
        [partial(make, size, effort) for effort in efforts(size, smaller)]
        for size, smaller in zip(ladder, [None, *ladder], strict=False)
    ]
    guesses = [guess for guess in (*found.guesses, *template.guesses) if guess.what not in said]
    return Candidates(floors, floors[0][LARGER], guesses, f"study of {path}")


def of_recipe(recipe: str, overrides: Sequence[str], scale: str | None = None) -> Candidates:
    """A recipe or YAML file as it stands, and less of the same. Raises ``ConfigError`` for a suite."""
    suite = load_suite(recipe, overrides, scale)
    if suite.varied:
        raise ConfigError(f"{recipe} varies {', '.join(suite.varied)}, and --time fits one study: leave --time out")
    config = suite.first
    rest = _of_others(overrides)
    floor: list[Make] = [lambda: config]
    floor += [partial(_of_recipe, config, limit, rest, recipe) for limit in LIMITS]
    return Candidates([floor], floor[0], (), f"study that {recipe} can be cut to")


def _of_template(template: Template, overrides: Sequence[str], where: str, size: Size, effort: Effort) -> StudyConfig:
    return _checked(template.values(size, effort), template.found.at(size.side), overrides, where)


def _of_recipe(config: StudyConfig, limit: Limit, overrides: Sequence[str], where: str) -> StudyConfig:
    values = config.model_dump(mode="json")
    limited(values, limit)
    return _checked(values, config.dataset, overrides, where)


def _checked(values: dict[str, Any], source: Source, overrides: Sequence[str], where: str) -> StudyConfig:
    """A study of its keys, with those of the user on top."""
    values = copy.deepcopy(values | {"dataset": None})
    for override in overrides:
        apply_override(values, override)
    return validate(StudyConfig, values | {"dataset": source}, where)


def _timed(config: StudyConfig, seconds: float) -> StudyConfig:
    return config.model_copy(update={"minutes": seconds / 60})


def _of_others(overrides: Sequence[str]) -> list[str]:
    """Overrides but those of the dataset, which is known already."""
    return [override for override in overrides if override.partition("=")[0].split(".")[0] != "dataset"]


def _options(keys: Any) -> Mapping[str, Any]:
    if not isinstance(keys, dict | None):
        raise ConfigError(f"dataset is {keys!r}, and --data says where images are: set its keys, dataset.resolution=64")
    return keys or {}


def _tasks(tasks: Any) -> tuple[str, ...] | None:
    return tuple(map(str, tasks)) if isinstance(tasks, list) else None
