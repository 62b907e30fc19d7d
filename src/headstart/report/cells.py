"""Tables as the page shows them: every number already in words."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from headstart.charts.joins import LINE, needed_keys, with_missing
from headstart.charts.names import arm_titles, protocol_title, short_keys, start_title
from headstart.charts.panels import differing, named_conditions, rank_by_appearance
from headstart.charts.text import metric_style, with_missing_texts, with_utility_texts, with_value_texts

__all__ = [
    "Cell",
    "TextTable",
    "accuracy_grid",
    "all_numbers",
    "arms_grid",
    "places_of",
    "plain_table",
    "pretraining_grid",
    "utility_grid",
]

PLACE = ["arm", "task", "protocol"]
"""What rows and charts can be chosen by."""
ROLES = {"baseline": 0, "control": 1, "compared": 2}


class Cell(NamedTuple):
    """A text, a smaller one under it, and one that warns."""

    text: str
    below: str = ""
    note: str = ""


class TextTable(NamedTuple):
    """Rows of cells under a header; the first ``names`` columns name a row, the others are numbers.

    places: of each row the ``arm``, ``task`` and ``protocol`` that it is about; none where a table is not about these.
    """

    header: list[str]
    names: int
    rows: list[list[Cell]]
    places: Sequence[Mapping[str, str]] = ()

    def place(self, row: int) -> Mapping[str, str]:
        """What the row of that number is about."""
        return self.places[row] if self.places else {}

    def frame(self) -> pd.DataFrame:
        """As text: what stands under a number follows it in brackets."""
        rows = [[f"{cell.text} ({cell.below})" if cell.below else cell.text for cell in row] for row in self.rows]
        return pd.DataFrame(rows, columns=self.header)


def places_of(table: pd.DataFrame) -> list[Mapping[str, str]]:
    """By row, what of ``PLACE`` the table tells."""
    return [{str(name): str(value) for name, value in row.items()} for row in table.filter(PLACE).to_dict("records")]


def utility_grid(utility: pd.DataFrame, summary: pd.DataFrame, varied: Sequence[str] = ()) -> TextTable:
    """Utility with its interval: an arm a row, a budget a column."""
    return _grid(with_utility_texts(with_missing(utility, summary, varied)), "utility", varied)


def accuracy_grid(summary: pd.DataFrame, varied: Sequence[str] = ()) -> TextTable:
    """The primary metric with its interval: an arm a row, a budget a column."""
    return _grid(with_value_texts(summary), "value", varied)


def all_numbers(
    utility: pd.DataFrame, summary: pd.DataFrame, varied: Sequence[str] = (), baseline: str = "scratch"
) -> TextTable:
    """The utility table, row by row. baseline: how what utility is measured against is called."""
    table = with_missing_texts(with_utility_texts(with_value_texts(with_missing(utility, summary, varied))))
    columns = {
        **_names(table, varied),
        "labels": [Cell(f"{labels:,}") for labels in table["labels"]],
        " / ".join(metric_style(name).title for name in table["metric"].unique()): _cells(table, "value"),
        f"{baseline} needs, labels": _cells(table, "equivalent"),
        "utility": _cells(table, "utility"),
    }
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    return TextTable(list(columns), len(_names(table, varied)), rows, places_of(table))


def arms_grid(arms: pd.DataFrame) -> TextTable | None:
    """What each arm is and what it does differently; nothing where all are plain methods under their own names."""
    renamed = (arms["role"] != "control") & (arms["arm"] != arms["method"])
    if not (renamed | (arms["note"] != "")).any():
        return None
    titles = arm_titles(arms["arm"])
    columns = (arms[name].tolist() for name in ("arm", "method", "role", "note"))
    rows = [
        [Cell(titles[arm]), Cell(start_title(method)), Cell(role), Cell(note)]
        for arm, method, role, note in zip(*columns, strict=True)
    ]
    header = ["arm", "what it starts from", "role", "what it does differently"]
    return TextTable(header, 4, rows, places_of(arms))


def pretraining_grid(table: pd.DataFrame, varied: Sequence[str] = ()) -> TextTable:
    """A pretraining a row: its last loss, effective rank among how many features, spread, and what became of it."""
    if table.empty:
        return TextTable([], 0, [])
    keys = differing(table, needed_keys(table, varied, ["arm", "seed"]))
    table = table.drop(columns=[key for key in varied if key not in keys]).drop_duplicates()
    titles, short = arm_titles(table["arm"]), short_keys(varied)
    names = ["arm", *(short[key] for key in keys), "seed", "state"]
    rows = [_pretraining_row(row, titles, keys) for _, row in table.iterrows()]
    header = [*names, "steps", "last loss", "effective rank", "spread of features"]
    return TextTable(header, len(names), rows, places_of(table))


def plain_table(table: pd.DataFrame, names: int) -> TextTable:
    """Any table as it stands, its first ``names`` columns being names."""
    header = [str(column).replace("_", " ") for column in table.columns]
    rows = [[Cell(_text(value)) for value in row] for row in table.itertuples(index=False)]
    return TextTable(header, names, rows, places_of(table))


def _grid(table: pd.DataFrame, stem: str, varied: Sequence[str]) -> TextTable:
    """Study by study, baseline and controls first, then as in the table; a budget that an arm lacks stays empty."""
    studies = rank_by_appearance(table, varied)
    order = [
        (studies[study], ROLES[role])
        for study, role in zip(table[list(varied)].itertuples(index=False, name=None), table["role"], strict=True)
    ]
    table = with_missing_texts(table).iloc[sorted(range(len(table)), key=order.__getitem__)]
    names = _names(table, varied)
    lines = table[[*varied, *LINE]].itertuples(index=False, name=None)
    arms: dict[tuple[str, ...], tuple[list[Cell], dict[int, Cell]]] = {}
    for line, *shown, labels, cell in zip(lines, *names.values(), table["labels"], _cells(table, stem), strict=True):
        arms.setdefault(line, (shown, {}))[1][labels] = cell
    budgets = sorted(table["labels"].unique())
    places = places_of(pd.DataFrame(list(arms), columns=[*varied, *LINE]))
    rows = [[*shown, *(cells.get(labels, Cell("")) for labels in budgets)] for shown, cells in arms.values()]
    return TextTable([*names, *(f"{labels:,}" for labels in budgets)], len(names), rows, places)


def _names(table: pd.DataFrame, varied: Sequence[str]) -> dict[str, list[Cell]]:
    """What tells a table's rows apart: arm, protocol, the varied keys that differ, the conditions it has several of."""
    titles, short = arm_titles(table["arm"]), short_keys(varied)
    return {
        "arm": [Cell(titles[name]) for name in table["arm"]],
        "protocol": [Cell(protocol_title(name)) for name in table["protocol"]],
        **{short[key]: [Cell(str(value)) for value in table[key]] for key in differing(table, varied)},
        **{
            condition.replace("_", " "): [Cell(str(name)) for name in table[condition]]
            for condition in named_conditions(table, varied)
        },
    }


def _cells(table: pd.DataFrame, stem: str) -> list[Cell]:
    """Numbers with their intervals; beside a mean what it lacks and how it might move, beside a utility what it lacks.

    What a score is worth in labels comes with the score that it is read from, and is not repeated.
    """
    lacking = table["missing_text"].tolist()
    notes = {"value": lacking, "utility": [text.partition(";")[0] for text in lacking]}
    columns = (table[f"{stem}_text"], table[f"{stem}_range"], notes.get(stem, [""] * len(table)))
    return [Cell(*texts) for texts in zip(*columns, strict=True)]


def _pretraining_row(row: pd.Series, titles: dict[str, str], keys: list[str]) -> list[Cell]:
    names = [titles[row["arm"]], *(str(row[key]) for key in keys), str(row["seed"]), str(row["state"])]
    rank = Cell(_short(row["effective_rank"]), f"of {_count(row['features'])}")
    return [*map(Cell, [*names, _count(row["steps"]), _short(row["loss"])]), rank, Cell(_short(row["feature_spread"]))]


def _count(value: float) -> str:
    return "–" if math.isnan(value) else f"{int(value):,}"


def _short(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3g}"


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
