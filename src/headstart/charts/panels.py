"""What goes side by side: one panel per protocol and whatever else a study varies besides method and labels."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from headstart.charts.text import method_title, protocol_title

__all__ = ["SCRATCH", "Panel", "split_panels"]

SCRATCH = "scratch"
KEYS = ["dataset", "pretrain_dataset", "task", "backbone", "protocol"]
SCRATCH_KEYS = ["dataset", "task", "backbone"]


class Panel(NamedTuple):
    """A title and the rows under it, with ``arm``, the method as it is called, beside ``method``."""

    title: str
    rows: pd.DataFrame


def split_panels(table: pd.DataFrame) -> list[Panel]:
    """The rows of each panel, scratch's joined to every panel that is measured against it.

    The title names the protocol, and of the other keys those that differ between panels; where pretraining saw the
    dataset itself, the dataset is not named twice.
    """
    table = table.assign(arm=table["method"].map(method_title))
    scratch = table[table["method"] == SCRATCH]
    pretrained = table[table["method"] != SCRATCH]
    leading = pretrained if len(pretrained) else scratch
    varying = [key for key in KEYS if key != "protocol" and leading[key].nunique() > 1]
    return list(_panels(leading, scratch, varying))


def _panels(leading: pd.DataFrame, scratch: pd.DataFrame, varying: list[str]) -> Iterator[Panel]:
    for _, rows in leading.groupby(KEYS, sort=True):
        first = rows.iloc[0]
        against = scratch[(scratch[SCRATCH_KEYS] == first[SCRATCH_KEYS]).all(axis="columns")]
        joined = rows if first["method"] == SCRATCH else pd.concat([against, rows])
        yield Panel(_title(first, varying), joined)


def _title(row: pd.Series, varying: list[str]) -> str:
    names = {key: str(row[key]) for key in varying}
    if names.get("pretrain_dataset") == row["dataset"]:
        del names["pretrain_dataset"]
    elif "pretrain_dataset" in names:
        names["pretrain_dataset"] = f"pretrained on {names['pretrain_dataset']}"
    protocol = protocol_title(row["protocol"])
    return ", ".join([protocol[0].upper() + protocol[1:], *names.values()])
