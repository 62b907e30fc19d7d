"""The box under the verdict, for who decides: what to do, what it saves, where it stops paying, and what it cost."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from headstart.charts.names import Baseline, arm_titles, protocol_title
from headstart.charts.text import metric_style, percent, with_value_texts
from headstart.report.advice_words import NOTHING, doubts, in_a_line, reach_texts, saved_texts, title_of
from headstart.report.cells import Cell, TextTable, places_of
from headstart.report.decision import Decision, Evidence, decide
from headstart.report.training import TrainedOut
from headstart.study.results.comparisons import where_compared
from headstart.study.results.costs import Costs
from headstart.study.results.metrics import PrimaryMetric
from headstart.study.results.outlooks import Outlook, outlooks
from headstart.utility import Interpolation

__all__ = ["AdviceBox", "state_advice"]

MINUTE, HOUR = 60, 3600
TARGET, SAVED, SURE = "labels for target", "labels saved", "sure up to"
"""Columns that want a word of explanation."""


class AdviceBox(NamedTuple):
    """lead and reason: what to do, and why. lines: what else. table: a start a row, in words; numbers: with all digits.
    note: how to read it."""

    lead: str
    reason: str
    lines: tuple[str, ...]
    table: TextTable
    numbers: pd.DataFrame
    note: str


class Found(NamedTuple):
    """What a study of one dataset and backbone came to, as the tables of a run hold it."""

    results: pd.DataFrame
    summary: pd.DataFrame
    utility: pd.DataFrame
    metrics: Mapping[str, PrimaryMetric]
    costs: Costs
    baseline: Baseline
    seed: int
    confidence: float
    interpolation: Interpolation = "log"


def state_advice(found: Found, training: TrainedOut) -> AdviceBox | None:
    """Advice at the largest budget; the target is what the baseline scores there. Nothing without a baseline's score.

    A task without one is left out.

    >>> state_advice(found, tables.training).lead  # doctest: +SKIP
    'Pretrain while labels are few.'
    """
    told = where_compared(found.summary[found.summary["value"].notna()])
    base = told[(told["role"] == "baseline") & (told["protocol"] == "finetune")]
    base = base[base["labels"] == base["labels"].max()]
    if base.empty:
        return None
    labels, targets = int(base["labels"].max()), dict(zip(base["task"], base["value"], strict=True))
    metrics = {task: found.metrics[task] for task in targets}
    known = [*outlooks(found.results, found.utility, metrics, found.seed, labels, targets, found.costs.hours)]
    numbers = _numbers(known, found, labels, targets)
    decisions = {task: decide(_evidence(found, task, labels), training) for task in metrics}
    table = _table(numbers, known, labels)
    return AdviceBox(
        *_told(decisions),
        (*_lines(known, found, labels, targets), *_spent(found.costs)),
        table,
        numbers,
        _note(found, labels, table.header),
    )


def _evidence(found: Found, task: str, labels: int) -> Evidence:
    metric = found.metrics[task]
    utility = found.utility[(found.utility["task"] == task) & found.utility["utility_low"].notna()]
    results = found.results[(found.results["task"] == task) & (found.results["split"] == "test")]
    results = results[results["metric"] == metric.name]
    return Evidence(utility, results, metric, found.baseline, labels, found.confidence, found.interpolation)


def _told(decisions: Mapping[str, Decision]) -> tuple[str, str]:
    """Of several tasks each by its name."""
    if len(decisions) == 1:
        (decision,) = decisions.values()
        return decision.lead, decision.reason
    return "Task by task.", " ".join(f"{task.capitalize()}: {one.lead} {one.reason}" for task, one in decisions.items())


def _lines(known: Sequence[Outlook], found: Found, labels: int, targets: Mapping[str, float]) -> Iterator[str]:
    for task, target in targets.items():
        mine = [one for one in known if one.task == task]
        style, name = metric_style(found.metrics[task].name), found.baseline.name
        where = f"{task}: " if len(targets) > 1 else ""
        starts = [(one.reach.labels, place) for place, one in enumerate(mine) if one.reach and one.role != "baseline"]
        if starts and math.isfinite(min(starts)[0]):
            best = mine[min(starts)[1]]
            takes = f"{title_of(best, [one.arm for one in known])}, takes {in_a_line(reach_texts(best.reach))} labels"
            own = [in_a_line(reach_texts(one.reach)) for one in mine if one.reach and one.role == "baseline"]
            beside = f"; {name}, by its own curve, {own[0]}" if own else ""
            yield f"{where}To reach the {style.show(target)}{style.unit} of {name} with {labels:,}, {takes}{beside}."
        yield from (f"{where}{line}" for line in doubts(mine, [one.arm for one in known]))


def _spent(costs: Costs) -> Iterator[str]:
    """What it took in all."""
    parts = [
        f"{duration(float(table['seconds'].sum()))} for {_counted(int(table['count'].sum()), what)}{where}"
        for table, what, where in ((costs.pretraining, "pretraining", ""), (costs.trials, "run", " from labels"))
        if len(table)
    ]
    if parts:
        yield f"Compute that this study rests on: {', '.join(parts)}."


def _numbers(known: Sequence[Outlook], found: Found, labels: int, targets: Mapping[str, float]) -> pd.DataFrame:
    """A row per curve with everything that is told of it, in numbers."""
    keys = ["task", "arm", "protocol"]
    rows = pd.DataFrame([_row(one, labels, targets[one.task]) for one in known])
    columns = ["metric", "value", "value_low", "value_high"]
    scores = found.summary.loc[found.summary["labels"] == labels, [*keys, *columns]]
    trials = found.costs.trials.rename(columns={"seconds": "trials_seconds", "count": "trials"})
    networks = found.costs.pretraining.rename(columns={"seconds": "pretraining_seconds", "count": "networks"})
    return rows.merge(scores, on=keys, how="left").merge(trials, on=keys, how="left").merge(networks, "left", "arm")


def _row(one: Outlook, labels: int, target: float) -> dict[str, Any]:
    ends = {
        f"{name}{end}": getattr(reach, field, math.nan)
        for name, reach in (("target_labels", one.reach), ("saved", one.saved))
        for end, field in (("", "labels"), ("_low", "low"), ("_high", "high"))
    }
    names = {"task": one.task, "arm": one.arm, "protocol": one.protocol, "labels": labels, "target": target}
    return names | ends | {"pays_up_to": one.pays_up_to or math.nan, "doubt": one.doubt}


def _table(numbers: pd.DataFrame, known: Sequence[Outlook], labels: int) -> TextTable:
    titles, shown = arm_titles(numbers["arm"]), with_value_texts(numbers)
    several = numbers["task"].nunique() > 1
    rows = []
    for one, row in zip(known, shown.to_dict("records"), strict=True):
        names = [*([row["task"]] if several else []), titles[one.arm], protocol_title(one.protocol)]
        rows.append([
            *map(Cell, names),
            Cell(row["value_text"], row["value_range"]),
            Cell(*reach_texts(one.reach)),
            Cell(*saved_texts(one.saved)),
            Cell(f"{one.pays_up_to:,}" if one.pays_up_to else NOTHING),
            _cost(row["pretraining_seconds"], row["networks"], "network"),
            _cost(row["trials_seconds"], row["trials"], "run"),
        ])  # fmt: skip
    header = [*(["task"] if several else []), "start", "protocol", f"score with {labels:,}", TARGET]
    header += [SAVED, SURE, "pretraining", "from labels"]
    return _told_columns(TextTable(header, len(header) - 6, rows, places_of(numbers)))


def _told_columns(table: TextTable) -> TextTable:
    """Without the columns that tell nothing of any start."""
    columns = range(len(table.header))
    told = [at for at in columns if at < table.names or any(row[at].text != NOTHING for row in table.rows)]
    rows = [[row[at] for at in told] for row in table.rows]
    return table._replace(header=[table.header[at] for at in told], rows=rows)


def _cost(seconds: float, count: float, what: str) -> Cell:
    if pd.isna(seconds):
        return Cell(NOTHING)
    return Cell(duration(seconds), _counted(int(count), what))


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _note(found: Found, labels: int, header: Sequence[str]) -> str:
    """What the columns that there are mean."""
    name = found.baseline.name
    meanings = {
        TARGET: f"Target: what {name} scores with {labels:,} labels, the largest budget.",
        SAVED: f"Saved: labels that {name} would need besides, to score as the start does with {labels:,}.",
    }
    told = [text for column, text in meanings.items() if column in header]
    if told:
        told.append(
            f"{'Both are forecasts' if len(told) > 1 else 'That is a forecast'} from learning curves, to ten times the "
            "largest budget, and intervals are rather too narrow."
        )
    if SURE in header:
        band = f"band, {percent(found.confidence)}"
        told.append(f"Sure up to: the largest budget tried with a gain beyond doubt ({band}).")
    more = "Other labels, other targets and money: headstart advise."
    return " ".join([*told, "Time is that of one core or GPU.", more])


def duration(seconds: float) -> str:
    """``45 s``, ``3 min 12 s``, ``2 h 5 min``."""
    minutes, rest = divmod(round(seconds), MINUTE)
    hours, minutes = divmod(minutes, HOUR // MINUTE)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
