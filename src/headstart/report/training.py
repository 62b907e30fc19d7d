"""Whether arms were trained out, in words: what twice the steps did to them."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from headstart.charts.names import arm_titles, protocol_title, short_keys
from headstart.charts.panels import differing
from headstart.report.cells import Cell, TextTable, places_of
from headstart.report.verdict import Verdict
from headstart.study.config.arms import REFERENCE
from headstart.study.results.trained_out import TRAINED_OUT

__all__ = ["TrainedOut", "guarded", "state_training", "training_grid"]

POINTS = frozenset({"accuracy", "pixel_accuracy", "miou", "delta_125", "delta_110"})
"""Metrics that are shares, whose changes are told in points."""


WITHIN = ["dataset", "task"]
"""What utility is read off a baseline of its own in, besides what a suite varies."""


class TrainedOut(NamedTuple):
    """settled: whether no arm gains by twice the steps; ``None`` where nobody looked, at all or at a baseline.
    sentence: what was seen."""

    settled: bool | None
    sentence: str


def state_training(table: pd.DataFrame, arms: pd.DataFrame) -> TrainedOut:
    """What the table of doublings comes to: the worst offender, or else what the baseline would gain at most."""
    known = table[table["change"].notna()]
    if known.empty:
        return TrainedOut(None, "Whether arms are trained out was not looked at: a gain may be speed, not labels.")
    unsettled = known[~known["settled"].astype(bool)]
    if len(unsettled):
        row = unsettled.iloc[int((unsettled["change"] - unsettled["limit"]).to_numpy().argmax())]
        return TrainedOut(
            False, f"Not trained out: doubling the steps still moves {_moved(row)}, so a gain may be speed, not labels."
        )
    rows = known[known["arm"].isin(arms.loc[arms["role"] == "baseline", "arm"]) & (known["protocol"] == REFERENCE)]
    if len(_studies(rows)) < len(_studies(table)):
        return TrainedOut(
            None, "Whether the baseline is trained out was not looked at: a gain may be speed, not labels."
        )
    widest = rows[rows["probed"] == rows["probed"].max()]
    row = widest.iloc[int(widest["change"].abs().to_numpy().argmax())]
    return TrainedOut(True, f"Trained out: doubling the steps moves {_moved(row)}.")


def _studies(table: pd.DataFrame) -> pd.DataFrame:
    """Where steps were doubled: each study of a suite, dataset and task, once."""
    varied = [name for name in table.columns if name not in TRAINED_OUT]
    return table[[*varied, *WITHIN]].drop_duplicates()


def guarded(verdict: Verdict, training: TrainedOut) -> Verdict:
    """The verdict, but for a gain that arms which are not trained out seem to have: that is not claimed."""
    if not verdict.claims or training.settled is not False:
        return verdict
    headline = "No gain in labels is claimed, for arms are not trained out."
    found = " ".join([verdict.headline, *verdict.lines, verdict.detail])
    return Verdict(headline, f"If they were, it would be this: {found}")


def _moved(row: pd.Series) -> str:
    """``from scratch by +0.3 points (± 0.7) at 75 labels``; ± is one standard error."""
    titles = arm_titles([str(row["arm"])])
    arm = {"from scratch": "scratch"}.get(titles[str(row["arm"])], titles[str(row["arm"])])
    how = "" if row["protocol"] == "finetune" else f", {protocol_title(row['protocol'])},"
    error = "" if pd.isna(row["error"]) else f" (± {_amount(row['error'], row['metric'])})"
    unit = " points" if row["metric"] in POINTS else ""
    return f"{arm}{how} by {_amount(row['change'], row['metric'], '+')}{unit}{error} at {row['labels']} labels"


def _amount(value: float, metric: str, sign: str = "") -> str:
    """A change in points of a share, or in the metric's units; what rounds to nothing has no sign."""
    value, digits = (100 * value, 1) if metric in POINTS else (value, 3)
    rounded = round(value, digits) + 0.0
    return f"{rounded:{sign if rounded else ''}.{digits}f}".replace("-", "−")


def training_grid(table: pd.DataFrame, varied: Sequence[str]) -> TextTable:
    """A row per arm, protocol and budget at which steps were doubled."""
    keys = [*differing(table, varied), *(["task"] if table["task"].nunique() > 1 else [])]
    titles, short = arm_titles(table["arm"]), short_keys(varied)
    rows = []
    for _, row in table.iterrows():
        names = [*(str(row[key]) for key in keys), titles[row["arm"]], protocol_title(row["protocol"])]
        error = "no error, of one trial" if pd.isna(row["error"]) else f"± {_amount(row['error'], row['metric'])}"
        change = Cell(_amount(row["change"], row["metric"], "+"), error)
        settled = "yes" if row["settled"] else "no"
        rows.append([*map(Cell, [*names, settled, row["labels"], row["steps"]]), change])
    header = [*(short.get(key, key) for key in keys), "arm", "protocol", "trained out", "labels", "steps", "by twice"]
    return TextTable(header, len(header) - 3, rows, places_of(table))
