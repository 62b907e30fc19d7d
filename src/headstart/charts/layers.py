"""A panel as a Vega-Lite specification: layers that share scales, and each table that they draw, once.

Put together from what each layer comes to, not as Altair's own layers, which copy and check every part of a chart anew
at each step: that took four fifths of a large report.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from altair.utils.schemapi import debug_mode

__all__ = ["Spec", "layered", "rows_of", "side_by_side", "unchecked"]

Spec = dict[str, Any]


@contextmanager
def unchecked() -> Iterator[None]:
    """While inside, Altair does not hold each part of a chart to its schema as it is made, which takes half of the
    time; tests hold what comes of it to that."""
    with debug_mode(False):
        yield


def layered(*layers: alt.Chart, **properties: Any) -> Spec:
    """The layers as one panel, with ``properties`` such as a title and a height. Each is of a table of its own.

    >>> table = pd.DataFrame({"labels": [10, 100], "value": [0.5, np.nan]})
    >>> panel = layered(alt.Chart(table).mark_line().encode(x="labels:Q", y="value:Q"), height=300)
    >>> panel["layer"][0]["mark"]["type"], list(panel["datasets"].values())
    ('line', [[{'labels': 10, 'value': 0.5}, {'labels': 100, 'value': None}]])
    """
    tables = {id(layer.data): layer.data for layer in layers}
    named = {key: (f"rows-{place}", rows_of(table)) for place, (key, table) in enumerate(tables.items())}
    return {
        "layer": [_layer(layer, named[id(layer.data)][0]) for layer in layers],
        "datasets": dict(named.values()),
        **properties,
    }


def side_by_side(panels: Iterable[Spec], **properties: Any) -> Spec:
    """Panels as one chart, each with its own tables."""
    concat: list[Spec] = []
    datasets: dict[str, Any] = {}
    for number, panel in enumerate(panels):
        names = {name: f"{name}-of-{number}" for name in panel["datasets"]}
        layers = [layer | {"data": {"name": names[layer["data"]["name"]]}} for layer in panel["layer"]]
        concat.append({key: value for key, value in panel.items() if key != "datasets"} | {"layer": layers})
        datasets |= {names[name]: rows for name, rows in panel["datasets"].items()}
    return {"concat": concat, "datasets": datasets, **properties}


def rows_of(table: pd.DataFrame) -> list[Mapping[str, Any]]:
    """The rows as JSON has them, which knows neither NaN nor infinity."""
    columns = {str(name): _plain(column) for name, column in table.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(column: "pd.Series[Any]") -> list[Any]:
    if column.dtype.kind == "f":
        known = np.isfinite(column.to_numpy())
        return [value if there else None for value, there in zip(column.tolist(), known, strict=True)]
    return [None if missing else value for value, missing in zip(column.tolist(), column.isna(), strict=True)]


def _layer(layer: alt.Chart, name: str) -> Spec:
    named = layer.copy(deep=False)
    named.data = alt.NamedData(name)
    found: Spec = named.to_dict(validate=False, context={"top_level": False})
    return found
