"""How many steps are enough: they are doubled until no arm of a study scores better for it.

What is compared before it is trained out tells which arm learns faster, not what labels are worth. So all arms take as
many steps, found on validation images, and each study can show what twice as many would have changed.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from headstart.data.batches.budgets import middle_budget
from headstart.study.jobs.trial import TrialJob
from headstart.training import SupervisedConfig

__all__ = [
    "TOGETHER",
    "Change",
    "Difference",
    "Doubling",
    "Ladder",
    "Scores",
    "changes",
    "climb",
    "climb_all",
    "interpolate",
    "nothing_known",
    "probed",
    "validation_score",
]

Scores = Callable[[TrialJob], float | None]
"""What a job scored on validation images, more being better: NaN if it failed, ``None`` if it was not run yet."""
TOGETHER = "all arms"


def nothing_known(job: TrialJob) -> None:
    """The ``Scores`` before any run."""
    del job


@dataclass(frozen=True)
class Doubling:
    """One run of an arm, and the same run with twice as many steps. tolerance: of the change between them."""

    arm: str
    job: TrialJob
    doubled: TrialJob
    tolerance: float


class Difference(NamedTuple):
    """What doubling did to one run's score, more being better."""

    arm: str
    labels: int
    value: float


@dataclass(frozen=True)
class Change:
    """What doubling did to an arm's mean score. error: the standard error of that, NaN where nothing tells it.

    limit: what a change must stay below: the tolerance, or one standard error where that is larger.
    """

    arm: str
    mean: float
    error: float
    limit: float

    @property
    def settled(self) -> bool:
        """Whether more steps bring less than ``limit``. A score that falls is no reason to train longer."""
        return self.mean < self.limit


@dataclass(frozen=True)
class Ladder:
    """How far steps were doubled at one budget.

    steps: those that are enough, or the most that are allowed; ``None`` while runs are missing. doublings: the last
    that were looked at, or those that are missing.
    """

    steps: int | None
    doublings: tuple[Doubling, ...]


def probed(budgets: Sequence[int]) -> list[int]:
    """The budgets at which steps are doubled: the smallest, a middle one and the largest."""
    return sorted({budgets[0], middle_budget(budgets), budgets[-1]})


def climb_all(
    options: SupervisedConfig, budgets: Sequence[int], runs: Callable[[int, int], Sequence[Doubling]], scores: Scores
) -> dict[int, Ladder]:
    """Double the steps at each of ``budgets`` until all arms are settled, at each of them and over all.

    What single budgets are too noisy to tell, together they may: then those with the fewest steps go on. runs: the
    doublings of all arms with so many labels from so many steps.
    """
    fewest = options.first_steps
    while True:
        ladders = {labels: climb(options, partial(runs, labels), scores, fewest) for labels in budgets}
        taken = [ladder.steps for ladder in ladders.values() if ladder.steps is not None]
        found = _differences([one for ladder in ladders.values() for one in ladder.doublings], scores)
        if len(taken) < len(ladders) or _settled(found, options):
            return ladders
        fewest = 2 * min(taken)
        if 2 * fewest > options.max_steps:
            most = fewest if fewest <= options.max_steps else min(taken)
            return {
                labels: Ladder(max(most, ladder.steps or 0), ladder.doublings) for labels, ladder in ladders.items()
            }


def climb(
    options: SupervisedConfig, runs: Callable[[int], Sequence[Doubling]], scores: Scores, fewest: int | None = None
) -> Ladder:
    """Double the steps at one budget, from ``fewest`` up to ``max_steps``, until all arms are settled.

    runs: the doublings of all arms from so many steps. fewest: by default ``first_steps``.
    """
    steps = fewest or options.first_steps
    while True:
        doublings = tuple(runs(steps))
        found = _differences(doublings, scores)
        if len(found) < len(doublings):
            return Ladder(None, doublings)
        if _settled(found, options):
            return Ladder(steps, doublings)
        if 4 * steps > options.max_steps:
            return Ladder(2 * steps, doublings)
        steps *= 2


def _differences(doublings: Iterable[Doubling], scores: Scores) -> list[Difference]:
    """Those that are known."""
    ends = [(one, scores(one.job), scores(one.doubled)) for one in doublings]
    return [
        Difference(one.arm, one.job.labels, after - before)
        for one, before, after in ends
        if before is not None and after is not None
    ]


def _settled(differences: Sequence[Difference], options: SupervisedConfig) -> bool:
    return all(change.settled for change in changes(differences, options.tolerance))


def changes(differences: Iterable[Difference], tolerance: float) -> Iterator[Change]:
    """What doubling did to each arm, and to ``TOGETHER``, from paired ``differences`` of scores.

    Standard errors come from the spread within arms and budgets, which they have in common. Differences that are not
    finite, of runs that failed, are left out.
    """
    finite = [one for one in differences if math.isfinite(one.value)]
    cells, known = defaultdict[tuple[str, int], list[float]](list), defaultdict[str, list[float]](list)
    for one in finite:
        cells[one.arm, one.labels].append(one.value)
        known[one.arm].append(one.value)
    spread = _deviation_within(list(cells.values()))
    if len(known) > 1:
        known[TOGETHER] = [one.value for one in finite]
    for arm, values in known.items():
        error = spread / math.sqrt(len(values))
        yield Change(arm, float(np.mean(values)), error, max(tolerance, 0.0 if math.isnan(error) else error))


def _deviation_within(groups: Sequence[Sequence[float]]) -> float:
    """The standard deviation within groups, NaN if none has two values."""
    freedom = sum(len(values) - 1 for values in groups)
    squares = sum(float(np.var(values)) * len(values) for values in groups)
    return math.sqrt(squares / freedom) if freedom else math.nan


def interpolate(found: Mapping[int, int], budgets: Sequence[int]) -> dict[int, int]:
    """Steps for every budget from those ``found`` at some: never fewer for more labels, and all of them doublings.

    Between two budgets the logarithm of steps is linear in that of labels, rounded up to the next doubling.
    """
    known = sorted(found)
    most = np.maximum.accumulate([found[labels] for labels in known])
    fewest = int(most[0])
    rungs = np.interp(np.log(budgets), np.log(known), np.log2(most / fewest))
    return {labels: fewest * 2 ** math.ceil(rung - 1e-9) for labels, rung in zip(budgets, rungs, strict=True)}


def validation_score(records: Iterable[Mapping[str, Any]], metric: str, higher_is_better: bool) -> float:
    """A finished run's ``metric`` on validation images, signed so that more is better; NaN if it has none.

    records: as ``PointJob.outcome`` has them.
    """
    for record in records:
        if (record["split"], record["metric"]) == ("val", metric) and record["value"] is not None:
            return float(record["value"]) * (1 if higher_is_better else -1)
    return math.nan
