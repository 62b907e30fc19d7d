"""Where arms were compared, and the scores that they have there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headstart.charts.names import arm_title, protocol_title
from headstart.reproduction.rules import LackingError, UnmeasuredError
from headstart.study.config.arms import REFERENCE, SCRATCH
from headstart.study.results.comparisons import where_compared
from headstart.study.results.metrics import PrimaryMetric

__all__ = ["Floats", "Place", "Reference", "places_in"]

Floats = NDArray[np.float64]


class Reference(NamedTuple):
    """A curve that utility is read off. labels: ``[M]``. scores: ``[M, R]``."""

    labels: Floats
    scores: Floats


@dataclass(frozen=True)
class Place:
    """Where arms were compared: one study's dataset and task. names: the values of what varies, and of these two.

    labels: ``[K]``, at which arms are compared. curves: scores ``[K, R]`` by arm and protocol, more being better, NaN
    where a run has none; trial r is the same label subsets in all of them. compared: the arms that are neither baseline
    nor control. reference: the baseline, fine-tuned, at all of its budgets.
    """

    names: Mapping[str, str]
    metric: str
    labels: Floats
    curves: Mapping[tuple[str, str], Floats]
    compared: tuple[str, ...]
    baseline: str
    reference: Reference

    def scores(self, arm: str, protocol: str = REFERENCE) -> Floats:
        """``[K, R]``. Raises ``UnmeasuredError`` if the arm is not measured here, in whole or in part."""
        return self._whole(self.curves.get((arm, protocol)), arm, protocol)

    def scratch(self) -> Floats:
        """Scores of the baseline, fine-tuned."""
        return self.scores(self.baseline)

    def read_off(self) -> Reference:
        """What utility is read off. Raises ``UnmeasuredError`` if any of it is not measured."""
        scores = self.reference.scores if len(self.reference.labels) else None
        return self.reference._replace(scores=self._whole(scores, self.baseline, REFERENCE))

    def gains(self, arms: Sequence[str] | None = None, protocol: str = REFERENCE) -> Floats:
        """What arms score above the baseline ``[A, K, R]``; by default all that are compared."""
        chosen = self.compared if arms is None else arms
        if not chosen:
            raise UnmeasuredError("nothing is compared with the baseline")
        return np.stack([self.scores(arm, protocol) for arm in chosen]) - self.scratch()

    def _whole(self, found: Floats | None, arm: str, protocol: str) -> Floats:
        told, where = f"{arm_title(arm)} ({protocol_title(protocol)})", ", ".join(dict.fromkeys(self.names.values()))
        if found is None:
            raise UnmeasuredError(f"{told} is not measured on {where}")
        if lacking := int(np.isnan(found).sum()):
            raise LackingError(f"{lacking} of {found.size} runs of {told} on {where} have no number")
        return found


def places_in(judged: pd.DataFrame, varied: Sequence[str], metrics: Mapping[str, PrimaryMetric]) -> Iterator[Place]:
    """The places of one run, in its order. judged: a row per run of every cell, of what its task is judged by."""
    keys = [*varied, "dataset", "task"]
    for names, same in judged.groupby(keys, sort=False):
        yield _place(dict(zip(keys, map(str, names), strict=True)), same, metrics)


def _place(names: Mapping[str, str], rows: pd.DataFrame, metrics: Mapping[str, PrimaryMetric]) -> Place:
    metric = metrics[names["task"]]
    sign = 1 if metric.higher_is_better else -1
    tuned = rows[rows["role"].isin(["baseline", "compared"]) & (rows["protocol"] == REFERENCE)]
    whole, trials = tuned[tuned["role"] == "baseline"], sorted(tuned["trial"].unique())
    labels, reached = (sorted(own["labels"].unique()) for own in (where_compared(tuned), whole))
    curves = {
        _pair(pair): sign * _table(own, labels, trials) for pair, own in rows.groupby(["arm", "protocol"], sort=False)
    }
    roles = rows.drop_duplicates("arm").set_index("arm")["role"]
    baseline = next((str(arm) for arm in roles.index[roles == "baseline"]), SCRATCH)
    compared = tuple(str(arm) for arm in roles.index[roles == "compared"])
    reference = Reference(np.array(reached, float), sign * _table(whole, reached, trials))
    return Place(names, metric.name, np.array(labels, float), curves, compared, baseline, reference)


def _pair(pair: Any) -> tuple[str, str]:
    arm, protocol = pair
    return str(arm), str(protocol)


def _table(rows: pd.DataFrame, labels: Sequence[int], trials: Sequence[int]) -> Floats:
    """``[K, R]``."""
    table = rows.pivot(index="labels", columns="trial", values="value").reindex(
        index=pd.Index(labels), columns=pd.Index(trials)
    )
    return table.to_numpy(dtype=np.float64)
