"""What the runs of a figure found, as arrays: scores by arm, protocol, budget and trial, of each dataset and task."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from headstart.charts.text import difference_text, metric_style
from headstart.reproduction.places import Floats, Place, places_in
from headstart.reproduction.rules import POINTS, UnmeasuredError
from headstart.study.results.metrics import PrimaryMetric
from headstart.study.results.records import NOT_RUN

__all__ = ["Evidence", "RunTables", "complete", "points", "shown"]

FEWEST_TRIALS = 2


class RunTables(NamedTuple):
    """The tables of one run that reproduction reads, and what each task is judged by.

    trained_out: whether twice the steps bring nothing; ``None`` where nobody looked. training: the same in words.
    unlabelled: images that pretraining sees, at most. doubled: results in which the baseline took twice the steps,
    where it did.
    """

    results: pd.DataFrame
    summary: pd.DataFrame
    utility: pd.DataFrame
    missing: pd.DataFrame
    metrics: Mapping[str, PrimaryMetric]
    varied: tuple[str, ...]
    trained_out: bool | None = None
    training: str = ""
    unlabelled: int = 0
    doubled: pd.DataFrame | None = None

    @property
    def judged(self) -> pd.DataFrame:
        """Of ``results``, what each task is judged by, on test images: a row per run of every cell."""
        primary = self.results["task"].map({task: metric.name for task, metric in self.metrics.items()})
        return self.results[(self.results["split"] == "test") & (self.results["metric"] == primary)]


@dataclass(frozen=True)
class Evidence:
    """What was found in the ``runs`` of a figure, by recipe. confidence: of every interval. seed: of draws."""

    runs: Mapping[str, RunTables]
    confidence: float = 0.95
    seed: int = 0
    _known: dict[str, list[Place]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def begun(self) -> bool:
        """Whether anything that is compared has a number."""
        return any(
            (run.results["value"].notna() & (run.results["role"] == "compared")).any() for run in self.runs.values()
        )

    @property
    def unfinished(self) -> bool:
        """Whether any run is not run yet."""
        return any((run.missing["reason"] == NOT_RUN).any() for run in self.runs.values())

    @property
    def trained_out(self) -> bool:
        """Whether arms were seen to be trained out in all runs."""
        return all(run.trained_out is True for run in self.runs.values())

    @property
    def handicapped(self) -> "Evidence":
        """The same with a baseline that took twice the steps. Raises ``UnmeasuredError`` where it did not."""
        runs = {}
        for recipe, run in self.runs.items():
            if run.doubled is None:
                raise UnmeasuredError(f"no baseline of {recipe} took twice the steps")
            runs[recipe] = run._replace(results=run.doubled)
        return Evidence(runs, self.confidence, self.seed)

    @property
    def places(self) -> list[Place]:
        """All of them, in the order of the runs. Raises ``UnmeasuredError`` if there is none."""
        for recipe, run in self.runs.items():
            if recipe not in self._known:
                self._known[recipe] = list(places_in(run.judged, run.varied, run.metrics))
        found = [place for recipe in self.runs for place in self._known[recipe]]
        if not found:
            raise UnmeasuredError("no run has a number yet")
        return found

    def of(self, *recipes: str) -> "Evidence":
        """What some of the runs found."""
        return Evidence({recipe: self.runs[recipe] for recipe in recipes}, self.confidence, self.seed, self._known)

    @property
    def show(self) -> Callable[[float], str]:
        """How a difference in scores reads. Raises ``UnmeasuredError`` where they are not in the same units."""
        return shown(self.places)

    def where(self, **names: str) -> list[Place]:
        """The places with these names: ``where(network="ResNet9")``."""
        found = [place for place in self.places if all(place.names.get(key) == name for key, name in names.items())]
        if not found:
            raise UnmeasuredError(
                f"nothing was measured with {', '.join(f'{key} {name}' for key, name in names.items())}"
            )
        return found


def shown(places: Sequence[Place]) -> Callable[[float], str]:
    """How a difference in the scores of these places reads. Raises ``UnmeasuredError`` where their units differ."""
    metrics = {place.metric for place in places}
    if len(metrics) > 1:
        raise UnmeasuredError(f"{', '.join(sorted(metrics))} are not in the same units")
    return partial(points, metrics.pop())


def complete(values: Sequence[Floats]) -> Floats:
    """Values ``[..., R]`` of several places as one array ``[N, ..., R]``.

    Raises ``UnmeasuredError`` where trials are too few for an interval, or not the same ones.
    """
    shapes = {one.shape for one in values}
    if len(shapes) > 1:
        raise UnmeasuredError("runs differ in their budgets or trials")
    found = np.stack(list(values))
    if found.shape[-1] < FEWEST_TRIALS:
        raise UnmeasuredError("a single trial has no interval")
    return found


def points(metric: str, difference: float) -> str:
    """A difference in a metric as it reads: ``+2.1 points`` of accuracy, ``−0.031`` of an error."""
    unit = POINTS if metric_style(metric).unit else ""
    return difference_text(metric, difference) + unit
