"""Tables as the page shows them: every number already in words."""

import math
from typing import NamedTuple

import pandas as pd

from headstart.charts.text import method_title, metric_style, protocol_title, with_utility_texts, with_value_texts
from headstart.study.config.arms import CONTROLS

__all__ = ["Cell", "TextTable", "accuracy_grid", "all_numbers", "plain_table", "pretraining_grid", "utility_grid"]

PLACES = ["dataset", "pretrain_dataset", "task", "backbone"]


class Cell(NamedTuple):
    """A text, and a smaller one under it."""

    text: str
    below: str = ""


class TextTable(NamedTuple):
    """Rows of cells under a header; the first ``names`` columns name a row, the others are numbers."""

    header: list[str]
    names: int
    rows: list[list[Cell]]


def utility_grid(utility: pd.DataFrame) -> TextTable:
    """Utility with its interval: an arm a row, a budget a column."""
    return _grid(with_utility_texts(utility), "utility")


def accuracy_grid(summary: pd.DataFrame) -> TextTable:
    """The primary metric with its interval: an arm a row, a budget a column."""
    return _grid(with_value_texts(summary), "value")


def all_numbers(utility: pd.DataFrame) -> TextTable:
    """The utility table, row by row."""
    table = with_utility_texts(with_value_texts(utility))
    columns = {
        **_names(table),
        "labels": [Cell(f"{labels:,}") for labels in table["labels"]],
        " / ".join(metric_style(name).title for name in table["metric"].unique()): _cells(table, "value"),
        "scratch needs, labels": _cells(table, "equivalent"),
        "utility": _cells(table, "utility"),
    }
    return TextTable(list(columns), len(_names(table)), [list(row) for row in zip(*columns.values(), strict=True)])


def pretraining_grid(table: pd.DataFrame) -> TextTable:
    """A pretraining a row: its last loss, effective rank among how many features, spread, and what became of it."""
    header = ["method", "seed", "state", "steps", "last loss", "effective rank", "spread of features"]
    rows = [_pretraining_row(one) for _, one in table.iterrows()]
    return TextTable(header, 3, rows)


def plain_table(table: pd.DataFrame, names: int) -> TextTable:
    """Any table as it stands, its first ``names`` columns being names."""
    header = [str(column).replace("_", " ") for column in table.columns]
    rows = [[Cell(_text(value)) for value in row] for row in table.itertuples(index=False)]
    return TextTable(header, names, rows)


def _grid(table: pd.DataFrame, stem: str) -> TextTable:
    """Controls first, then as in the table; a budget that an arm lacks stays empty."""
    order = {name: place for place, name in enumerate(reversed(CONTROLS))}
    table = table.sort_values("method", key=lambda names: names.map(order).fillna(len(order)), kind="stable")
    names = _names(table)
    arms: dict[tuple[Cell, ...], dict[int, Cell]] = {}
    for *arm, labels, cell in zip(*names.values(), table["labels"], _cells(table, stem), strict=True):
        arms.setdefault(tuple(arm), {})[labels] = cell
    budgets = sorted(table["labels"].unique())
    rows = [[*arm, *(found.get(labels, Cell("")) for labels in budgets)] for arm, found in arms.items()]
    return TextTable([*names, *(f"{labels:,}" for labels in budgets)], len(names), rows)


def _names(table: pd.DataFrame) -> dict[str, list[Cell]]:
    """What tells a table's arms apart: method and protocol, and whichever places it has several of."""
    places = [place for place in PLACES if table.loc[~table["method"].isin(CONTROLS), place].nunique() > 1]
    return {
        "arm": [Cell(method_title(name)) for name in table["method"]],
        "protocol": [Cell(protocol_title(name)) for name in table["protocol"]],
        **{place.replace("_", " "): [Cell(str(name)) for name in table[place]] for place in places},
    }


def _cells(table: pd.DataFrame, stem: str) -> list[Cell]:
    return [Cell(*texts) for texts in zip(table[f"{stem}_text"], table[f"{stem}_range"], strict=True)]


def _pretraining_row(one: pd.Series) -> list[Cell]:
    names = [method_title(one["method"]), str(one["seed"]), str(one["state"])]
    rank = Cell(_short(one["effective_rank"]), f"of {one['features']}")
    return [*map(Cell, [*names, f"{one['steps']:,}", _short(one["loss"])]), rank, Cell(_short(one["feature_spread"]))]


def _short(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3g}"


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
