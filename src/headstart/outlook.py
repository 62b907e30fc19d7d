"""What to do next, in words: expectations of each start, a table of them, and what they come to in labels and money."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from headstart.charts.names import arm_titles, protocol_title
from headstart.charts.text import labels_text, metric_style, signed_labels
from headstart.display import Displayed
from headstart.report.brief import Brief
from headstart.report.cells import plain_table
from headstart.utility.forecast import Reach

__all__ = ["Advice", "Outlook"]


@dataclass(frozen=True)
class Outlook:
    """Of one curve: an arm under a protocol. doubt: why nothing is told of it; then all else is ``None``.

    score: with so many labels, its middle and ends. reach: labels for the target. saved: labels that the baseline would
    need besides, to score as it does with so many. hours: of its pretraining. pays_up_to: the largest measured budget
    at which it is claimed to be worth labels.
    """

    task: str
    arm: str
    protocol: str
    role: str
    doubt: str = ""
    score: tuple[float, float, float] | None = None
    reach: Reach | None = None
    saved: Reach | None = None
    hours: float = 0.0
    pays_up_to: int | None = None


@dataclass(frozen=True, repr=False)
class Advice(Displayed):
    """outlooks: of all curves, the baseline's first. labels, target: what they were asked for. metrics: what
    scores are, by task."""

    outlooks: tuple[Outlook, ...]
    labels: int
    target: float | None
    metrics: Mapping[str, str]

    def table(self, label_cost: float = 0.0, compute_cost: float = 0.0) -> pd.DataFrame:
        """In words, a row per start that something can be told of. label_cost: of a label. compute_cost: of an hour of
        pretraining; with either there is a column of money."""
        rows = [_row(one, self, label_cost, compute_cost) for one in self.outlooks if not one.doubt]
        return pd.DataFrame(rows).fillna("–")

    def sentences(self, label_cost: float = 0.0, compute_cost: float = 0.0) -> list[str]:
        """Why some curves are not continued, and what the others come to; costs as above."""
        return list(_sentences(self, label_cost, compute_cost))

    def brief(self) -> Brief:
        *doubts, answer = self.sentences()
        table = self.table()
        return Brief(answer, tuple(doubts), {} if table.empty else {"what to expect": plain_table(table, 1)})


def _row(one: Outlook, found: Advice, label_cost: float, compute_cost: float) -> dict[str, str]:
    row = {"task": one.task} if len(found.metrics) > 1 else {}
    row |= {"start": _title(one, found), f"with {found.labels:,}": _score(one, found), "labels saved": _saved(one)}
    row |= {f"labels for {found.target:g}": _labels(one.reach)} if one.reach else {}
    row["sure up to"] = f"{one.pays_up_to:,}" if one.pays_up_to else "–"
    if label_cost or compute_cost:
        row |= {
            "pretraining": f"{one.hours:.2f} h" if one.hours else "–",
            "money": _money(one, label_cost, compute_cost),
        }
    return row


def _sentences(found: Advice, label_cost: float, compute_cost: float) -> Iterator[str]:
    for one in found.outlooks:
        if one.doubt:
            yield f"{_title(one, found)}: no forecast, for {one.doubt}."
    saving = [(one.saved.labels, place) for place, one in enumerate(found.outlooks) if one.saved]
    best = found.outlooks[max(saving)[1]] if saving else None
    if best is None or best.saved is None:
        yield "Nothing can be compared: it takes a curve of the baseline, and one of another arm."
        return
    name, sure = _title(best, found), best.saved.low > 0
    if sure:
        yield f"With {found.labels:,} labels, {name} saves most: {_saved(best)} labels."
    else:
        yield (
            f"With {found.labels:,} labels it is not decided whether {name}, the best, saves any: {_saved(best)}. "
            "`headstart study plan RECIPE --detect 50%` says how many trials it takes to see."
        )
    if label_cost or compute_cost:
        money = _net(best, label_cost, compute_cost)
        doing = "saves" if money > 0 else "costs"
        doubt = "" if sure else ", if it saves what is likeliest"
        yield f"{'Pretrain' if money > 0 else 'Label more'}: {name} {doing} {_amount(abs(money))} in all{doubt}."


def _title(one: Outlook, found: Advice) -> str:
    """``SimCLR, fine-tuned``."""
    return f"{arm_titles([other.arm for other in found.outlooks])[one.arm]}, {protocol_title(one.protocol)}"


def _score(one: Outlook, found: Advice) -> str:
    assert one.score is not None, "a curve without doubt has a score"
    metric = metric_style(found.metrics[one.task])
    middle, low, high = (metric.show(value) for value in one.score)
    return f"{middle}{metric.unit} ({low}–{high})"


def _labels(reach: Reach | None) -> str:
    if reach is None:
        return "–"
    if math.isinf(reach.labels):
        return f"out of reach (≥ {labels_text(reach.low)})" if math.isfinite(reach.low) else "out of reach"
    high = labels_text(reach.high) if math.isfinite(reach.high) else "?"
    return f"{labels_text(reach.labels)} ({labels_text(reach.low)}–{high})"


def _saved(one: Outlook) -> str:
    if one.saved is None:
        return "–"
    ends = [signed_labels(end) if math.isfinite(end) else "beyond" for end in one.saved]
    return f"{ends[0]} ({ends[1]} to {ends[2]})"


def _net(one: Outlook, label_cost: float, compute_cost: float) -> float:
    return one.saved.labels * label_cost - one.hours * compute_cost if one.saved else 0.0


def _money(one: Outlook, label_cost: float, compute_cost: float) -> str:
    if one.saved is None:
        return "–"
    money = _net(one, label_cost, compute_cost)
    return f"{'−' if money < 0 else '+'}{_amount(abs(money))}"


def _amount(money: float) -> str:
    return "more than can be told" if math.isinf(money) else f"{money:,.2f}"
