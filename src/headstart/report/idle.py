"""Arms that tell no more than what numbers are read against, in words."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from headstart.charts.names import arm_title, arm_titles, protocol_title
from headstart.study.config.arms import BLIND, PATCHES
from headstart.study.results.metrics import PrimaryMetric

__all__ = ["idle_sentence"]

CURVE = ["arm", "protocol"]
FLOORS = {BLIND: [], PATCHES: ["protocol"]}
"""What an arm should rise above, and what the two must have in common besides the task and the labels."""


def idle_sentence(summary: pd.DataFrame, metrics: Mapping[str, PrimaryMetric], varied: Sequence[str] = ()) -> str:
    """Which arms never leave the blind guess, and which never do better than features that took no pretraining.

    Of these it is said that at no budget their interval lies on the better side of the control's mean, of patches by
    the same protocol. A control that was not measured, or that every arm rises above, is not spoken of. What is said of
    such an arm's utility is said of noise, or of what there was to be had for nothing.
    """
    found = {floor: _idle(summary, metrics, floor, varied) for floor in FLOORS}
    told = {arm_title(floor): ", ".join(idle) for floor, idle in found.items() if idle}
    return " ".join(f"Not told from the {floor} at any budget: {arms}." for floor, arms in told.items())


def _idle(
    summary: pd.DataFrame, metrics: Mapping[str, PrimaryMetric], floor: str, varied: Sequence[str]
) -> dict[str, None]:
    """The arms that do not rise above a control, each with its protocol, once."""
    place = [*varied, "dataset", "task"]
    control = summary[summary["arm"] == floor]
    common = [*place, *FLOORS[floor]]
    levels = {tuple(map(str, names)): float(value) for *names, value in _rows(control, [*common, "labels", "value"])}
    titles = arm_titles(summary["arm"])
    idle: dict[str, None] = {}
    for keys, curve in summary[summary["role"] != "control"].groupby([*place, *CURVE], sort=False):
        names = dict(zip([*place, *CURVE], map(str, keys), strict=True))
        better = metrics[names["task"]].higher_is_better
        ends = _rows(curve, ["labels", "value_low" if better else "value_high"])
        where = [names[key] for key in common]
        beyond = [levels.get((*where, str(labels)), math.nan) - end for labels, end in ends]
        # NaN, where there is no level or no interval, tells nothing and so is no sign of idleness.
        if all((gap >= 0) if better else (gap <= 0) for gap in beyond):
            idle[f"{titles[names['arm']]} ({protocol_title(names['protocol'])})"] = None
    return idle


def _rows(table: pd.DataFrame, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The rows of some columns."""
    return zip(*(table[column].tolist() for column in columns), strict=True)
