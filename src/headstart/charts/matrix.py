"""Transfer: what pretraining on one dataset is worth on another, a matrix per arm and budget."""

from collections.abc import Iterator, Sequence

import altair as alt
import numpy as np
import pandas as pd

from headstart.charts.figure import LARGE, Figure, Layout
from headstart.charts.joins import between_budgets, reference_rows, with_missing
from headstart.charts.layers import Spec
from headstart.charts.marks import missing_tooltip
from headstart.charts.names import arm_titles, find_baseline, protocol_title, varied_text
from headstart.charts.panels import Panel, places_of
from headstart.charts.shaded import Side, Words, shaded
from headstart.charts.text import (
    difference_text,
    metric_style,
    utility_ends,
    with_missing_texts,
    with_utility_texts,
    with_value_texts,
)
from headstart.tasks import TASKS
from headstart.utility import Interpolation

__all__ = ["matrix_figure"]

SOURCE, LEARNED = "pretrain_dataset", "dataset"
FEW = 8
"""More matrices than this are too many for two budgets."""
NARROW = 4
"""More columns than this are too many for a small panel."""
COLUMN, MANY = 50, 6
"""Pixels of a column where there are more than so many."""


def matrix_figure(
    utility: pd.DataFrame,
    summary: pd.DataFrame,
    *,
    varied: Sequence[str] = (),
    interpolation: Interpolation = "log",
) -> Figure:
    """Only where what is pretrained on and what is learned are crossed; else a figure without panels.

    Shown are the smallest budget and, where it leaves few matrices, the largest: utility where it is measured in every
    cell, else how much better the score is than the baseline's at the same budget.
    """
    cells = _cells(utility, summary, varied)
    name, ends = find_baseline(summary).name, utility_ends(interpolation).one
    panels = list(_panels(cells, _besides(cells, varied), name)) if _crossed(cells) else []
    layout = _layout(panels, cells[LEARNED].nunique())
    caption = (
        f"Rows: what was pretrained on. Columns: what was learned then. Utility, or where the budgets of {name} cannot "
        f"measure all of it, the score above that of {name} at equal labels. White: no difference; blue: better. Bold: "
        f"zero lies outside the cell's own {ends}."
    )
    drawn = tuple(_draw(panel, layout, ends) for panel in panels)
    return Figure("transfer", "Transfer", caption, drawn, (), layout, places_of(panels))


def _layout(panels: Sequence[Panel], columns: int) -> Layout:
    if columns <= NARROW:
        return Layout.of(panels)
    return LARGE if columns <= MANY else Layout(1, COLUMN * columns, LARGE.height)


def _crossed(cells: pd.DataFrame) -> bool:
    """Whether datasets are met by several pretrainings, and pretrainings by several datasets."""
    pairs = cells.loc[cells["gain"].notna(), [SOURCE, LEARNED]].drop_duplicates()
    return bool(len(pairs) > max(pairs[SOURCE].nunique(), pairs[LEARNED].nunique()) > 1)


def _besides(cells: pd.DataFrame, varied: Sequence[str]) -> list[str]:
    """The varied keys that differ though both datasets are the same."""
    return [key for key in varied if (cells.groupby([SOURCE, LEARNED])[key].nunique() > 1).any()]


def _cells(utility: pd.DataFrame, summary: pd.DataFrame, varied: Sequence[str]) -> pd.DataFrame:
    """The utilities of what was pretrained, with ``gain``, the score above the baseline's, and whether it is better."""
    same = [*varied, "dataset", "task", "labels"]
    reference = reference_rows(summary)[[*same, "value"]].rename(columns={"value": "reference"})
    rows = with_missing(utility[utility[SOURCE] != ""], summary, varied)
    rows = rows[~between_budgets(rows)].merge(reference, on=same, how="left", validate="many_to_one")
    signs = {task: 1 if TASKS.traits(task).higher_is_better else -1 for task in rows["task"].unique()}
    sign = rows["task"].map(signs).astype(float)  # of no rows at all it would be text
    return rows.assign(gain=rows["value"] - rows["reference"], better=sign * (rows["value"] - rows["reference"]))


def _panels(cells: pd.DataFrame, others: list[str], baseline: str) -> Iterator[Panel]:
    """A panel per budget, arm and protocol, and whatever else varies."""
    keys = [*others, "task", "arm", "protocol"]
    budgets = sorted(cells["labels"].unique())
    ends = list(dict.fromkeys((budgets[0], budgets[-1])))
    if len(ends) * len(cells[keys].drop_duplicates()) > FEW:
        del ends[1:]
    shown = pd.concat([_shown(cells[cells["labels"] == labels], baseline) for labels in ends])
    largest = shown.groupby("what")["strength"].transform(lambda strengths: strengths.abs().max())
    shown = shown.assign(strength=(shown["strength"] / largest.where(largest > 0, 1.0)).fillna(0.0))
    named = [*others, *(["task"] if cells["task"].nunique() > 1 else [])]
    titles = arm_titles(cells["arm"])
    for _, rows in shown.groupby(["labels", *keys], sort=False):
        first = rows.iloc[0]
        values = {key: str(first[key]) for key in named}
        parts = [titles[first["arm"]], protocol_title(first["protocol"]), *([varied_text(values)] if values else [])]
        place = {name: str(first[name]) for name in ("task", "arm", "protocol")}
        yield Panel(f"{', '.join(parts)}, {first['labels']:,} labels", values, rows, place)


def _shown(cells: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """The cells of a budget with ``what`` they show, its ``text``, its ``strength``, which is signed, and whether it is
    ``sure``."""
    texts = with_missing_texts(with_utility_texts(with_value_texts(cells)))
    known = cells[cells["value"].notna()]
    if (known["censored"] == "none").all() and known["utility"].notna().all():
        return texts.assign(
            what="utility",
            text=texts["utility_text"],
            strength=np.sign(texts["utility"]) * np.log1p(texts["utility"].abs()),
            sure=(texts["utility_low"] > 0) | (texts["utility_high"] < 0),
        )
    return texts.assign(
        what=[_against(baseline, name) for name in texts["metric"]],
        text=[difference_text(name, gain) for name, gain in zip(texts["metric"], texts["gain"], strict=True)],
        strength=texts["better"],
        sure=(texts["gain_low"] > 0) | (texts["gain_high"] < 0),
    )


def _against(baseline: str, name: str) -> str:
    """``accuracy against scratch, points``."""
    metric = metric_style(name)
    return f"{metric.title.removeprefix('test ')} against {baseline}{', points' if metric.unit else ''}"


def _draw(panel: Panel, layout: Layout, ends: str) -> Spec:
    rows = panel.rows.assign(few=list(map(_few, panel.rows["missing_text"], panel.rows["trials"])))
    learned = list(dict.fromkeys(rows[LEARNED]))
    sources = [name for name in learned if name in set(rows[SOURCE])]
    sources += [name for name in dict.fromkeys(rows[SOURCE]) if name not in sources]
    across = Side(LEARNED, f"{protocol_title(rows['protocol'].iloc[0])} on", learned)
    words = Words(layout.title(panel.title), rows["what"].iloc[0])
    return shaded(rows, across, Side(SOURCE, "pretrained on", sources), words, _tooltips(rows, ends))


def _few(missing: str, trials: int) -> str:
    """What a cell lacks: ``2 of 4 missing``."""
    return missing.partition(";")[0] or ("single run" if trials == 1 else "")


def _tooltips(rows: pd.DataFrame, ends: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip(f"{SOURCE}:N", title="pretrained on"),
        alt.Tooltip(f"{LEARNED}:N", title=f"{protocol_title(rows['protocol'].iloc[0])} on"),
        alt.Tooltip("value_text:N", title=metric_style(rows["metric"].iloc[0]).title),
        alt.Tooltip("utility_text:N", title="utility"),
        alt.Tooltip("utility_range:N", title=ends),
        *missing_tooltip(rows),
    ]
