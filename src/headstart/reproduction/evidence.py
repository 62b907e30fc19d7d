"""What the runs of a figure found, as arrays: scores by arm, protocol, budget and trial, of each dataset and task."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headstart.charts.names import arm_title, protocol_title
from headstart.charts.text import difference_text, metric_style
from headstart.reproduction.rules import POINTS, LackingError, UnmeasuredError
from headstart.study.results.metrics import PrimaryMetric
from headstart.study.results.records import NOT_RUN

__all__ = ["Evidence", "Floats", "Place", "RunTables", "complete", "points"]

Floats = NDArray[np.float64]
FINETUNE = "finetune"
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
class Place:
    """Where arms were compared: one study's dataset and task. names: the values of what varies, and of these two.

    labels: ``[K]``. curves: scores ``[K, R]`` by arm and protocol, more being better, NaN where a run has none; trial r
    is the same label subsets in all of them. compared: the arms that are neither baseline nor control.
    """

    names: Mapping[str, str]
    metric: str
    labels: Floats
    curves: Mapping[tuple[str, str], Floats]
    compared: tuple[str, ...]
    baseline: str

    def scores(self, arm: str, protocol: str = FINETUNE) -> Floats:
        """``[K, R]``. Raises ``UnmeasuredError`` if the arm is not measured here, in whole or in part."""
        found, told = self.curves.get((arm, protocol)), f"{arm_title(arm)} ({protocol_title(protocol)})"
        where = ", ".join(dict.fromkeys(self.names.values()))
        if found is None:
            raise UnmeasuredError(f"{told} is not measured on {where}")
        if lacking := int(np.isnan(found).sum()):
            raise LackingError(f"{lacking} of {found.size} runs of {told} on {where} have no number")
        return found

    def scratch(self) -> Floats:
        """Scores of the baseline, fine-tuned."""
        return self.scores(self.baseline)

    def gains(self, arms: Sequence[str] | None = None, protocol: str = FINETUNE) -> Floats:
        """What arms score above the baseline ``[A, K, R]``; by default all that are compared."""
        chosen = self.compared if arms is None else arms
        if not chosen:
            raise UnmeasuredError("nothing is compared with the baseline")
        return np.stack([self.scores(arm, protocol) for arm in chosen]) - self.scratch()


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
                self._known[recipe] = list(_places(run))
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
        metrics = {place.metric for place in self.places}
        if len(metrics) > 1:
            raise UnmeasuredError(f"{', '.join(sorted(metrics))} are not in the same units")
        return partial(points, metrics.pop())

    def where(self, **names: str) -> list[Place]:
        """The places with these names: ``where(network="ResNet9")``."""
        found = [place for place in self.places if all(place.names.get(key) == name for key, name in names.items())]
        if not found:
            raise UnmeasuredError(
                f"nothing was measured with {', '.join(f'{key} {name}' for key, name in names.items())}"
            )
        return found


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


def _places(run: RunTables) -> Iterator[Place]:
    rows = run.judged
    keys = [*run.varied, "dataset", "task"]
    for names, same in rows.groupby(keys, sort=False):
        yield _place(dict(zip(keys, map(str, names), strict=True)), same, run.metrics)


def _place(names: Mapping[str, str], rows: pd.DataFrame, metrics: Mapping[str, PrimaryMetric]) -> Place:
    metric = metrics[names["task"]]
    learned = rows[rows["role"].isin(["baseline", "compared"]) & (rows["protocol"] == FINETUNE)]
    labels, trials = (sorted(learned[key].unique()) for key in ("labels", "trial"))
    curves = {
        _pair(pair): (1 if metric.higher_is_better else -1) * _table(own, labels, trials)
        for pair, own in rows.groupby(["arm", "protocol"], sort=False)
    }
    roles = rows.drop_duplicates("arm").set_index("arm")["role"]
    baselines = [str(arm) for arm in roles.index[roles == "baseline"]]
    compared = tuple(str(arm) for arm in roles.index[roles == "compared"])
    return Place(
        names, metric.name, np.array(labels, float), curves, compared, baselines[0] if baselines else "scratch"
    )


def _pair(pair: Any) -> tuple[str, str]:
    arm, protocol = pair
    return str(arm), str(protocol)


def _table(rows: pd.DataFrame, labels: Sequence[int], trials: Sequence[int]) -> Floats:
    """``[K, R]``."""
    table = rows.pivot(index="labels", columns="trial", values="value").reindex(
        index=pd.Index(labels), columns=pd.Index(trials)
    )
    return table.to_numpy(dtype=np.float64)
