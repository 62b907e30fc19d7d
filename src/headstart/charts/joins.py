"""Tables put side by side, as charts and page need them."""

from collections.abc import Sequence

import pandas as pd

from headstart.charts.panels import Panel
from headstart.study.config.arms import REFERENCE

__all__ = ["between_budgets", "needed_keys", "panels_with", "reference_rows", "with_missing"]

NO_RUN = {"trials": 0, "missing": 0}
LINE = ["dataset", "pretrain_dataset", "task", "backbone", "arm", "protocol"]


def reference_rows(summary: pd.DataFrame) -> pd.DataFrame:
    """The baseline's rows that utility is read from: whole networks, or what there is if these were not trained."""
    rows = summary[summary["role"] == "baseline"]
    whole = rows[rows["protocol"] == REFERENCE]
    return whole if len(whole) else rows


def panels_with(column: str, panels: Sequence[Panel]) -> list[Panel]:
    """The panels that have any number in ``column``; what else they have none of is shown in them as missing."""
    return [panel for panel in panels if panel.rows[column].notna().any()]


def with_missing(utility: pd.DataFrame, summary: pd.DataFrame, varied: Sequence[str]) -> pd.DataFrame:
    """The utility table with ``role``, ``trials``, ``missing`` and ``value_if_blind`` of the same means.

    The point between budgets that the original study's rule adds is the mean of no run, and lacks none.
    """
    keys = [*varied, *LINE, "labels"]
    counted = summary[[*keys, "trials", "missing", "value_if_blind"]]
    joined = utility.merge(counted, on=keys, how="left", validate="one_to_one").assign(role="compared")
    between = joined["missing"].isna()
    assert joined.loc[between, "gain"].isna().all(), "the gain of a mean that the summary lacks"
    return joined.fillna(NO_RUN).astype(dict.fromkeys(NO_RUN, int))


def between_budgets(table: pd.DataFrame) -> pd.Series:
    """Whether each row of a table ``with_missing`` is the mean of no run, planned or not."""
    return table["trials"] + table["missing"] == 0


def needed_keys(table: pd.DataFrame, varied: Sequence[str], names: Sequence[str]) -> list[str]:
    """The varied keys that change anything in a table of which ``names`` name a row besides."""
    needed = list(varied)
    for key in varied:
        others = [other for other in needed if other != key]
        if not table.drop(columns=key).drop_duplicates().duplicated([*others, *names]).any():
            needed = others
            table = table.drop(columns=key).drop_duplicates()
    return needed
