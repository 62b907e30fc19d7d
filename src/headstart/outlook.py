"""What to do next, in words: expectations of each start, a table of them, and what they come to in labels and money."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from headstart.charts.text import metric_style
from headstart.display import Displayed
from headstart.report.advice_words import doubts, in_a_line, reach_texts, saved_texts, title_of
from headstart.report.brief import Brief
from headstart.report.cells import plain_table
from headstart.report.training import TrainedOut
from headstart.study.results.outlooks import Outlook
from headstart.utility.forecast import Reach

__all__ = ["Advice", "Outlook"]


@dataclass(frozen=True, repr=False)
class Advice(Displayed):
    """outlooks: of all curves, the baseline's first. labels, target: what they were asked for. metrics: what
    scores are, by task. training: whether arms are trained out, without which no start is said to save labels."""

    outlooks: tuple[Outlook, ...]
    labels: int
    target: float | None
    metrics: Mapping[str, str]
    training: TrainedOut

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
    yield from doubts(found.outlooks, [one.arm for one in found.outlooks])
    if not found.training.settled:
        yield found.training.sentence
    saving = [(_is_sure(one, found), one.saved.labels, place) for place, one in enumerate(found.outlooks) if one.saved]
    if not saving:
        yield "Nothing can be compared: it takes a curve of the baseline, and one of another arm."
        return
    sure, most, place = max(saving)
    best = found.outlooks[place]
    yield _answer(best, found, sure, any(labels > most for _, labels, _ in saving))
    if label_cost or compute_cost:
        yield _worth(_title(best, found), _net(best, label_cost, compute_cost), sure)


def _answer(best: Outlook, found: Advice, sure: bool, rivaled: bool) -> str:
    """rivaled: whether another may save more, of which nothing is sure."""
    name, place = _title(best, found), f"With {found.labels:,} labels"
    if sure:
        which = " of those that save any beyond doubt" if rivaled else ""
        return f"{place}, {name} saves most{which}: {_saved(best)} labels."
    return f"{place} it is not decided whether {name}, the best, saves any: {_saved(best)}. {_remedy(best, found)}"


def _is_sure(one: Outlook, found: Advice) -> bool:
    """Whether it saves labels beyond doubt: by its own forecast, by the band over all points of the study, and not by
    speed alone."""
    return found.training.settled is not False and one.claimed and one.saved is not None and one.saved.low > 0


def _remedy(one: Outlook, found: Advice) -> str:
    """What would decide whether it saves labels."""
    if found.training.settled is False:
        return "Train longer first."
    above = "Its own interval lies above 0, but of those of all arms and budgets one may by luck. "
    plan = "`headstart study plan RECIPE --detect 50%` says how many trials it takes to see."
    return f"{above if one.saved and one.saved.low > 0 else ''}{plan}"


def _worth(name: str, money: float, sure: bool) -> str:
    """What it comes to in money; what to do only where something is sure."""
    told = f"{name} {'saves' if money > 0 else 'costs'} {_amount(abs(money))} in all"
    if not sure:
        return f"If it saves what is likeliest, {told}."
    return f"{'Pretrain' if money > 0 else 'Label more'}: {told}."


def _title(one: Outlook, found: Advice) -> str:
    return title_of(one, [other.arm for other in found.outlooks])


def _score(one: Outlook, found: Advice) -> str:
    assert one.score is not None, "a curve without doubt has a score"
    metric = metric_style(found.metrics[one.task])
    middle, low, high = (metric.show(value) for value in one.score)
    return f"{middle}{metric.unit} ({low}–{high})"


def _labels(reach: Reach | None) -> str:
    return in_a_line(reach_texts(reach))


def _saved(one: Outlook) -> str:
    return in_a_line(saved_texts(one.saved))


def _net(one: Outlook, label_cost: float, compute_cost: float) -> float:
    return one.saved.labels * label_cost - one.hours * compute_cost if one.saved else 0.0


def _money(one: Outlook, label_cost: float, compute_cost: float) -> str:
    if one.saved is None:
        return "–"
    money = _net(one, label_cost, compute_cost)
    return f"{'−' if money < 0 else '+'}{_amount(abs(money))}"


def _amount(money: float) -> str:
    return "more than can be told" if math.isinf(money) else f"{money:,.2f}"
