"""Where a decision still hangs, so that trials are added, and what is said of it (``trials: auto``)."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from headstart.report.standings import WHERE, standings
from headstart.study.config.study import AdaptiveConfig

__all__ = ["more_trials", "trials_sentence"]


def more_trials(
    utility: pd.DataFrame, points: pd.DataFrame, varied: Sequence[str], adaptive: AdaptiveConfig
) -> dict[tuple[int, str], int]:
    """How many trials every study has of each task at the next look, by variant and task; empty if there is none.

    utility: as it was found. points: the planned ones, of a ``RunFolder``. Tasks whose decision no longer hangs keep
    those they have.
    """
    found = {(row["variant"], row["task"]): int(row["trials"]) for row in _counts(points).to_dict("records")}
    more = {}
    for variant, task, trials in _hanging(utility, points, varied, adaptive.worth):
        if (after := adaptive.looks.after(trials)) is not None:
            more[variant, task] = after
    return found | more if more else {}


def trials_sentence(
    utility: pd.DataFrame, points: pd.DataFrame, varied: Sequence[str], adaptive: AdaptiveConfig
) -> str:
    """How many trials there are, what they were looked at for, and whether that is known now."""
    counts = _counts(points)["trials"]
    fewest, most = int(counts.min()), int(counts.max())
    told = f"{fewest} trials" if fewest == most else f"{fewest} to {most} trials"
    looks = [str(trials) for trials in adaptive.looks.trials if trials <= most]
    after = f"looked at after {' and '.join(looks)}, which all intervals allow for"
    if not _hanging(utility, points, varied, adaptive.worth):
        return f"There are {told}, {after}."
    if most < adaptive.most:
        return f"There are {told} so far, {after}; {adaptive.most} are allowed, and more may settle what is open."
    return f"There are {told}, {after}; it stays open whether the best arm is worth {adaptive.worth:.0%} more labels."


def _counts(points: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``variant``, ``task`` and how many ``trials`` are planned."""
    return points.groupby(["variant", "task"])["trial"].nunique().rename("trials").reset_index()


def _hanging(
    utility: pd.DataFrame, points: pd.DataFrame, varied: Sequence[str], worth: float
) -> list[tuple[int, str, int]]:
    """Variant, task and trials of what is not settled; what has no interval at all is not."""
    names = [*varied, *WHERE]
    settled = {place for place, done in _standings(utility, varied, worth) if done}
    planned = points[[*names, "variant"]].drop_duplicates().merge(_counts(points), on=["variant", "task"])
    return [
        (row["variant"], row["task"], int(row["trials"]))
        for row in planned.to_dict("records")
        if tuple(str(row[name]) for name in names) not in settled
    ]


def _standings(utility: pd.DataFrame, varied: Sequence[str], worth: float) -> Iterator[tuple[tuple[Any, ...], bool]]:
    known = utility[utility["utility_low"].notna()].reset_index(drop=True)
    for standing in standings(known, varied):
        place = tuple(str(standing.points.iloc[0][name]) for name in (*varied, *WHERE))
        yield place, standing.settled(worth)
