"""Who stands where at a middle budget, by a rule that was fixed before any number was seen.

Of each task and dataset: the fine-tuned arm that gains most at the middle budget, and the frozen one that does; of
those that are claimed there, if any is, for what gains most of all may be the noisiest. The band holds for all of them
at once, so that among claims any may be told. Picking the best of all points instead would be to pick the luckiest.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd

from headstart.data.batches.budgets import middle_budget
from headstart.training import PROTOCOLS

__all__ = ["WHERE", "Standing", "gains_most", "is_claimed", "standings"]

WHERE = ["dataset", "task"]


class Standing(NamedTuple):
    """Rows of the utility table that have intervals, of one task and dataset in one study.

    labels: the middle budget. tuned, frozen: the best there: it gains most of those that are claimed, or else of those
    whose own interval lies above 0, or else of all; ``None`` where nothing has an interval. points: all.
    """

    labels: int
    tuned: pd.Series | None
    frozen: pd.Series | None
    points: pd.DataFrame

    @property
    def best(self) -> pd.Series | None:
        """What a sentence is about: the fine-tuned arm, unless the frozen one alone is worth labels beyond doubt."""
        if self.tuned is None or (_is_sure(self.frozen) and not _is_sure(self.tuned)):
            return self.frozen
        return self.tuned

    @property
    def other(self) -> pd.Series | None:
        """The one of the two that is not ``best``."""
        return self.frozen if self.best is self.tuned else self.tuned

    @property
    def claimed(self) -> bool:
        """Whether the best is worth labels beyond doubt."""
        return _is_sure(self.best)

    def settled(self, worth: float) -> bool:
        """Whether of both kinds the best is worth labels beyond doubt, or what gains most beyond doubt less than
        ``worth``."""
        there = self.points[self.points["labels"] == self.labels]
        frozen = _frozen(there)
        return all(
            is_claimed(own).any() or gains_most(own)["utility_high"] < worth
            for own in (there[~frozen], there[frozen])
            if len(own)
        )

    @property
    def tuned_points(self) -> pd.DataFrame:
        return self.points[~_frozen(self.points)]


def standings(points: pd.DataFrame, varied: Sequence[str]) -> Iterator[Standing]:
    """One per study, dataset and task, in the order of the table."""
    for _, own in points.groupby([*varied, *WHERE], sort=False):
        labels = int(middle_budget(own["labels"]))
        there, frozen = own[own["labels"] == labels], _frozen(own)
        yield Standing(labels, _best(there[~frozen[there.index]]), _best(there[frozen[there.index]]), own)


def is_claimed(points: pd.DataFrame) -> pd.Series:
    """Whether each point is worth labels beyond doubt: by the band over all points, and by its own interval."""
    return (points["sure_gain"] > 0) & (points["utility_low"] > 0)


def _is_sure(point: pd.Series | None) -> bool:
    return point is not None and bool(is_claimed(point.to_frame().T).all())


def _frozen(points: pd.DataFrame) -> pd.Series:
    """Whether each point's protocol leaves the backbone as it is; one that is not known counts as fine-tuning."""
    return points["protocol"].map(lambda name: name in PROTOCOLS and PROTOCOLS[name].frozen).astype(bool)


def _best(points: pd.DataFrame) -> pd.Series | None:
    sure = (points[is_claimed(points)], points[points["utility_low"] > 0], points)
    return next((gains_most(own) for own in sure if len(own)), None)


def gains_most(points: pd.DataFrame) -> pd.Series:
    """Of some points, one at least, the one with the largest mean gain; one whose gain is not known is not it."""
    return points.iloc[int(points["gain"].fillna(-math.inf).to_numpy().argmax())]
