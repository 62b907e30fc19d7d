"""What goes side by side: one panel per protocol and whatever else a study varies besides arms and labels."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from headstart.charts.names import protocol_rank, protocol_title, varied_text
from headstart.study.config.arms import REFERENCE

__all__ = [
    "MANY",
    "REFERENCE_SUFFIX",
    "Panel",
    "differing",
    "named_conditions",
    "places_of",
    "rank_by_appearance",
    "split_panels",
]

CONDITIONS = ["dataset", "pretrain_dataset", "task", "backbone"]
WHOLE = ["dataset", "task"]
"""The conditions that separate panels anyway; the others do if an arm was run under several of them."""
REFERENCE_SUFFIX = ", fine-tuned"
"""Of the baseline's line by the protocol that utility is read from, which stands in every panel."""
BLIND_PROTOCOL = "constant"
"""An answer without a look at the image is read against any protocol."""
MANY = 12
"""More panels than this are drawn small, a row per protocol."""


class Panel(NamedTuple):
    """A title, the values of the varied keys that differ, and the rows, whose ``line`` is the name of a curve.

    place: the one ``arm``, ``task`` or ``protocol`` that it is about, as far as it is about one.
    """

    title: str
    varied: dict[str, str]
    rows: pd.DataFrame
    place: Mapping[str, str] = {}


def differing(table: pd.DataFrame, varied: Sequence[str]) -> list[str]:
    """The varied keys with more than one value in the table."""
    return [key for key in varied if table[key].nunique() > 1]


def named_conditions(table: pd.DataFrame, varied: Sequence[str]) -> list[str]:
    """The conditions that the compared arms have several of, beyond what follows from the varied keys."""
    rows = table[table["role"] == "compared"] if "role" in table else table
    return [condition for condition in CONDITIONS if _several(rows, condition, list(varied))]


def rank_by_appearance(table: pd.DataFrame, keys: Sequence[str]) -> dict[tuple[Any, ...], int]:
    """The combinations of values of ``keys`` in the order of the table, which is that of the suite."""
    combinations = dict.fromkeys(table[list(keys)].itertuples(index=False, name=None))
    return {combination: index for index, combination in enumerate(combinations)}


def split_panels(table: pd.DataFrame, varied: Sequence[str] = ()) -> list[Panel]:
    """The rows of each panel of a table with ``line``, and the baseline and controls that they are read against.

    The title names the protocol, and of the other keys those that differ between panels; where pretraining saw the
    dataset itself, the dataset is not named twice. Panels come in the order of the suite, or if they are ``MANY``, of
    protocols first, so that each row of panels has one protocol.
    """
    compared = table[table["role"] == "compared"]
    leading = compared if len(compared) else table[table["role"] == "baseline"]
    arms = [*varied, "arm"]
    split = [condition for condition in CONDITIONS if condition in WHOLE or _several(leading, condition, arms)]
    keys = [*varied, *split, "protocol"]
    groups = dict(iter(leading.groupby(keys, sort=False)))
    combinations = rank_by_appearance(leading, varied)

    def order(names: tuple[Any, ...]) -> tuple[Any, ...]:
        protocol = (protocol_rank(names[-1]), names[-1])
        conditions = combinations[names[: len(varied)]], names[len(varied) : -1]
        return (protocol, conditions) if len(groups) > MANY else (conditions, protocol)

    named = [
        *differing(leading, varied),
        *(condition for condition in split if _several(leading, condition, list(varied))),
    ]
    return [_panel(table, groups[names], [*varied, *split], named) for names in sorted(groups, key=order)]


def places_of(panels: Sequence[Panel]) -> tuple[Mapping[str, str], ...]:
    """What each panel alone is about."""
    return tuple(panel.place for panel in panels)


def _several(rows: pd.DataFrame, condition: str, within: list[str]) -> bool:
    """Whether a condition has several values within one combination of the others; what is not pretrained has none."""
    known = rows[rows[condition] != ""]
    counted = known.groupby(within)[condition].nunique() if within else pd.Series(known[condition].nunique())
    return bool((counted > 1).any())


def _panel(table: pd.DataFrame, rows: pd.DataFrame, keys: list[str], named: list[str]) -> Panel:
    first = rows.iloc[0]
    # What pretraining saw is no concern of whoever was not pretrained.
    same = [key for key in keys if key != "pretrain_dataset"]
    here = table[(table[same] == first[same]).all(axis="columns")]
    compared = rows[rows["role"] == "compared"]
    varied = {key: str(first[key]) for key in named if key not in CONDITIONS}
    drawn = pd.concat([*_read_against(here, first["protocol"]), compared])
    return Panel(_title(first, varied, named), varied, drawn, {name: str(first[name]) for name in ("task", "protocol")})


def _read_against(here: pd.DataFrame, protocol: str) -> Iterator[pd.DataFrame]:
    """The baseline, of which utility is read off whole networks and a probe may be shown too, and the controls."""
    baseline = here[here["role"] == "baseline"]
    whole, own = baseline[baseline["protocol"] == REFERENCE], baseline[baseline["protocol"] == protocol]
    if protocol != REFERENCE and len(own):
        whole = whole.assign(line=whole["line"] + REFERENCE_SUFFIX)
        yield own
    yield whole
    yield here[(here["role"] == "control") & here["protocol"].isin([protocol, BLIND_PROTOCOL])]


def _title(row: pd.Series, varied: dict[str, str], named: list[str]) -> str:
    names = {key: str(row[key]) for key in named if key in CONDITIONS}
    if names.get("pretrain_dataset") == row["dataset"]:
        del names["pretrain_dataset"]
    elif "pretrain_dataset" in names:
        names["pretrain_dataset"] = f"pretrained on {names['pretrain_dataset']}"
    protocol = protocol_title(row["protocol"])
    parts = [protocol[0].upper() + protocol[1:], *([varied_text(varied)] if varied else []), *names.values()]
    return ", ".join(parts)
