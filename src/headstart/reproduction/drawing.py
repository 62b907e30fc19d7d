"""The charts of a figure of the paper, from what its runs found."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from headstart.charts import Figure
from headstart.charts.accuracy import accuracy_figure
from headstart.charts.against import against_figure
from headstart.charts.best import best_figure
from headstart.charts.changes import changes_figure
from headstart.charts.layers import unchecked
from headstart.charts.looks import arm_looks
from headstart.charts.marks import with_whole
from headstart.charts.matrix import matrix_figure
from headstart.charts.names import arm_title, protocol_title
from headstart.charts.shifts import shifts_figure
from headstart.charts.text import metric_style
from headstart.charts.utility import utility_figure
from headstart.reproduction.cells import best_cells, probe_points
from headstart.reproduction.evidence import Evidence, RunTables
from headstart.reproduction.rules import UnmeasuredError
from headstart.reproduction.transfer import METHOD, change_table, shift_table
from headstart.study.results.trained_out import listed
from headstart.utility import associate

__all__ = ["draw"]

SHOWN = ("finetune", "constant")
"""Protocols of the paper's curves, and of the blind guess beside them."""
MEAN = ["value", "value_low", "value_high", "whole"]
NETWORK, EFFORT = "network", "effort"
FEWEST = 3
"""Points that have a correlation."""


def draw(names: tuple[str, ...], evidence: Evidence) -> list[Figure]:
    """The charts of these names that there is anything to draw for."""
    with unchecked():
        return [figure for name in names for figure in _drawn(name, evidence) if figure.panels]


def _drawn(name: str, evidence: Evidence) -> Iterator[Figure]:
    try:
        yield from CHARTS[name](evidence)
    except UnmeasuredError:
        return  # the rules say what is missing


def _accuracy(evidence: Evidence) -> Iterator[Figure]:
    for recipe, run in evidence.runs.items():
        summary = run.summary[run.summary["protocol"].isin(SHOWN)]
        looks = arm_looks(summary)
        figure = accuracy_figure(summary, looks, varied=run.varied, confidence=evidence.confidence)
        yield _named(figure, recipe, evidence)


def _utility(evidence: Evidence) -> Iterator[Figure]:
    for recipe, run in evidence.runs.items():
        yield _named(_utility_of(run, evidence), recipe, evidence)


def _utility_of(run: RunTables, evidence: Evidence) -> Figure:
    summary, utility = (table[table["protocol"].isin(SHOWN)] for table in (run.summary, run.utility))
    looks = arm_looks(summary, utility)
    return utility_figure(utility, summary, looks, varied=run.varied, confidence=evidence.confidence)


def _effort(evidence: Evidence) -> Iterator[Figure]:
    """Efforts as the lines of one panel: each stands where its arm stood, scratch once."""
    for run in evidence.runs.values():
        varied = tuple(key for key in run.varied if key != EFFORT)
        summary, utility = (_by_effort(table, varied) for table in (run.summary, run.utility))
        yield _utility_of(run._replace(summary=summary, utility=utility, varied=varied), evidence)


def _by_effort(table: pd.DataFrame, varied: tuple[str, ...]) -> pd.DataFrame:
    compared = table["role"] == "compared" if "role" in table else pd.Series(True, index=table.index)
    named = table.assign(arm=table["arm"].where(~compared, table[EFFORT]))
    return named.drop(columns=EFFORT).drop_duplicates([*varied, "dataset", "task", "arm", "protocol", "labels"])


def _transfer(evidence: Evidence) -> Iterator[Figure]:
    for run in evidence.runs.values():
        summary, utility = (table[table["protocol"].isin(SHOWN)] for table in (run.summary, run.utility))
        yield matrix_figure(utility, summary, varied=run.varied)


def _changes(evidence: Evidence) -> Iterator[Figure]:
    labels = listed([f"{int(budget):,}" for budget in evidence.places[0].labels])
    title = f"{arm_title(METHOD)}, mean over {labels} labels"
    yield changes_figure(change_table(evidence), title, evidence.confidence)


def _shifts(evidence: Evidence) -> Iterator[Figure]:
    table = shift_table(evidence)
    yield shifts_figure(table, arm_looks(table.assign(method=table["arm"], role="compared")), evidence.confidence)


def _networks(evidence: Evidence) -> Iterator[Figure]:
    """The one network's scores against the other's."""
    for run in evidence.runs.values():
        summary = with_whole(_within_limits(run.summary[run.summary["role"] != "control"]))
        first, second = dict.fromkeys(summary[NETWORK])
        keys = [key for key in run.varied if key != NETWORK] + ["dataset", "task", "arm", "protocol", "labels"]
        sides = [
            summary[summary[NETWORK] == value].set_index(keys)[MEAN].add_prefix(f"{axis}_").rename(columns=_ends)
            for axis, value in (("x", first), ("y", second))
        ]
        table = sides[0].join(sides[1], how="inner").reset_index()
        table["panel"] = [
            f"{protocol_title(protocol).capitalize()}, {task}"
            for protocol, task in zip(table["protocol"], table["task"], strict=True)
        ]
        yield against_figure(
            table.assign(place=table["dataset"], whole=table["x_whole"] & table["y_whole"]),
            arm_looks(summary),
            name="networks",
            title=f"{first} beside {second}",
            axes=(str(first), str(second)),
            caption="Mean score on test images; on the line both networks are level.",
            confidence=evidence.confidence,
            axis_format=metric_style(summary["metric"].iloc[0]).axis_format,
        )


def _within_limits(summary: pd.DataFrame) -> pd.DataFrame:
    """Intervals as far as a metric goes: no share is above 1."""
    lowest, highest = np.array([metric_style(name).limits for name in summary["metric"]]).reshape(-1, 2).T
    return summary.assign(
        value_low=summary["value_low"].clip(lower=lowest), value_high=summary["value_high"].clip(upper=highest)
    )


def _ends(column: str) -> str:
    """``x_value_low`` → ``x_low``, ``x_value`` → ``x``."""
    return column.replace("_value", "")


def _best(evidence: Evidence) -> Iterator[Figure]:
    rows = [row for place in evidence.places for row in best_cells(place, evidence.confidence)]
    yield best_figure(pd.DataFrame(rows), arm_looks(*_summaries(evidence)), evidence.confidence)


def _probes(evidence: Evidence) -> Iterator[Figure]:
    """A panel per budget, named by its rank, for tasks differ in theirs."""
    rows = [row for place in evidence.places for row in probe_points(place, evidence.confidence)]
    table = pd.DataFrame(rows)
    titles = {rank: _correlations(own, rank) for rank, own in table.groupby("budget")}
    yield against_figure(
        table.assign(panel=table["budget"].map(titles)),
        arm_looks(*_summaries(evidence)),
        name="probes",
        title="Linear evaluation against fine-tuning",
        axes=("linear probe, above random features", "fine-tuned, above scratch"),
        caption="A panel per budget, from the smallest. Units: what scratch gains from its fewest labels to its most.",
        confidence=evidence.confidence,
    )


def _summaries(evidence: Evidence) -> list[pd.DataFrame]:
    return [run.summary for run in evidence.runs.values()]


def _correlations(rows: pd.DataFrame, rank: object) -> str:
    known = rows.dropna(subset=["x", "y"])
    if len(known) < FEWEST:
        return f"Budget {rank}"
    found = associate(known[["x"]].to_numpy().T, known[["y"]].to_numpy().T, np.random.default_rng(0))
    told = (f"{value:.2f}".replace("-", "−") for value in (found.spearman.value, found.pearson.value))
    return "Budget {}: Spearman {}, Pearson {}".format(rank, *told)


def _named(figure: Figure, recipe: str, evidence: Evidence) -> Figure:
    """Where several runs have the same chart, each is named after its own, and titled by its tasks."""
    if len(evidence.runs) == 1:
        return figure
    tasks = ", ".join(dict.fromkeys(evidence.runs[recipe].results["task"]))
    return replace(figure, name=f"{figure.name}-{recipe}", title=f"{figure.title}: {tasks}")


CHARTS: Mapping[str, Callable[[Evidence], Iterator[Figure]]] = {
    "accuracy": _accuracy,
    "utility": _utility,
    "effort": _effort,
    "transfer": _transfer,
    "changes": _changes,
    "shifts": _shifts,
    "networks": _networks,
    "best": _best,
    "probes": _probes,
}
