"""What goes side by side: one panel per protocol and whatever else a study varies besides method and labels."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from headstart.charts.text import method_title, protocol_title
from headstart.study.config.arms import BLIND, CONTROLS, RANDOM, SCRATCH

__all__ = ["Panel", "split_panels"]

KEYS = ["dataset", "pretrain_dataset", "task", "backbone", "protocol"]
SAME = {
    SCRATCH: ["dataset", "task", "backbone"],
    RANDOM: ["dataset", "task", "backbone", "protocol"],
    BLIND: ["dataset", "task", "backbone"],
}
"""What a control has in common with the panels that it stands in."""


class Panel(NamedTuple):
    """A title and the rows under it, with ``arm``, the method as it is called, beside ``method``."""

    title: str
    rows: pd.DataFrame


def split_panels(table: pd.DataFrame) -> list[Panel]:
    """The rows of each panel, with the controls that they are read against.

    The title names the protocol, and of the other keys those that differ between panels; where pretraining saw the
    dataset itself, the dataset is not named twice.
    """
    table = table.assign(arm=table["method"].map(method_title))
    pretrained = table[~table["method"].isin(CONTROLS)]
    leading = pretrained if len(pretrained) else table[table["method"] == SCRATCH]
    varying = [key for key in KEYS if key != "protocol" and leading[key].nunique() > 1]
    return list(_panels(leading, table, varying))


def _panels(leading: pd.DataFrame, table: pd.DataFrame, varying: list[str]) -> Iterator[Panel]:
    for _, rows in leading.groupby(KEYS, sort=True):
        first = rows.iloc[0]
        methods = rows[~rows["method"].isin(CONTROLS)]
        yield Panel(_title(first, varying), pd.concat([*_controls(table, first), methods]))


def _controls(table: pd.DataFrame, first: pd.Series) -> Iterator[pd.DataFrame]:
    for control, keys in SAME.items():
        yield table[(table["method"] == control) & (table[keys] == first[keys]).all(axis="columns")]


def _title(row: pd.Series, varying: list[str]) -> str:
    names = {key: str(row[key]) for key in varying}
    if names.get("pretrain_dataset") == row["dataset"]:
        del names["pretrain_dataset"]
    elif "pretrain_dataset" in names:
        names["pretrain_dataset"] = f"pretrained on {names['pretrain_dataset']}"
    protocol = protocol_title(row["protocol"])
    return ", ".join([protocol[0].upper() + protocol[1:], *names.values()])
