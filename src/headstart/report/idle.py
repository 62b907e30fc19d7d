"""Arms that tell no more than labels alone do, in words."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from headstart.charts.names import arm_titles, protocol_title
from headstart.study.config.arms import BLIND
from headstart.study.results.metrics import PrimaryMetric

__all__ = ["idle_sentence"]

CURVE = ["arm", "protocol"]


def idle_sentence(summary: pd.DataFrame, metrics: Mapping[str, PrimaryMetric], varied: Sequence[str] = ()) -> str:
    """Which arms never leave the blind guess: at no budget does their interval lie on its better side.

    Empty where none does, or where the blind guess was not measured. What is said of such an arm's utility is said of
    noise.
    """
    place = [*varied, "dataset", "task"]
    blind = summary[summary["arm"] == BLIND]
    guesses = {tuple(map(str, names)): float(value) for *names, value in _rows(blind, [*place, "labels", "value"])}
    titles = arm_titles(summary["arm"])
    idle: dict[str, None] = {}
    for keys, curve in summary[summary["role"] != "control"].groupby([*place, *CURVE], sort=False):
        *where, arm, protocol = map(str, keys)
        better = metrics[where[-1]].higher_is_better
        ends = _rows(curve, ["labels", "value_low" if better else "value_high"])
        beyond = (guesses.get((*where, str(labels)), math.nan) - end for labels, end in ends)
        # NaN, where there is no guess or no interval, tells nothing and so is no sign of idleness.
        if all((gap >= 0) if better else (gap <= 0) for gap in beyond):
            idle[f"{titles[arm]} ({protocol_title(protocol)})"] = None
    return f"Not told from the blind guess at any budget: {', '.join(idle)}." if idle else ""


def _rows(table: pd.DataFrame, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The rows of some columns."""
    return zip(*(table[column].tolist() for column in columns), strict=True)
