"""``headstart advise``: what to do next, by a study's learning curves."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headstart.cli.console import console, print_frame, print_prose

if TYPE_CHECKING:
    import pandas as pd

    from headstart.advice import Advice, Outlook
    from headstart.utility.forecast import Reach

__all__ = ["advise"]


def advise(
    run: Annotated[Path, typer.Argument(help="The study's folder, runs/NAME.")],
    target: Annotated[float | None, typer.Option(help="A score to reach, 0.9 for 90 %.")] = None,
    labels: Annotated[int | None, typer.Option(min=1, help="Labels there are or will be; default: the most.")] = None,
    label_cost: Annotated[float, typer.Option(min=0, help="Of one label, in your currency.")] = 0.0,
    compute_cost: Annotated[float, typer.Option(min=0, help="Of an hour of pretraining.")] = 0.0,
) -> None:
    """Say how many labels a target takes with and without each start, what a start saves, and where it stops paying."""
    from headstart.advice import advise as ask

    found = ask(run, labels=labels, target=target)
    table = _table(found, label_cost, compute_cost)
    if not table.empty:
        print_frame(table)
        console.print()
    for line in _sentences(found, label_cost, compute_cost):
        print_prose(f"• {line}")


def _table(found: "Advice", label_cost: float, compute_cost: float) -> "pd.DataFrame":
    import pandas as pd

    rows = [_row(one, found, label_cost, compute_cost) for one in found.outlooks if not one.doubt]
    return pd.DataFrame(rows).fillna("–")


def _row(one: "Outlook", found: "Advice", label_cost: float, compute_cost: float) -> dict[str, str]:
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


def _sentences(found: "Advice", label_cost: float, compute_cost: float) -> Iterator[str]:
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


def _title(one: "Outlook", found: "Advice") -> str:
    from headstart.advice import title_of

    return title_of(one, [other.arm for other in found.outlooks])


def _score(one: "Outlook", found: "Advice") -> str:
    from headstart.charts.text import metric_style

    assert one.score is not None, "a curve without doubt has a score"
    metric = metric_style(found.metrics[one.task])
    middle, low, high = (metric.show(value) for value in one.score)
    return f"{middle}{metric.unit} ({low}–{high})"


def _labels(reach: "Reach | None") -> str:
    from headstart.charts.text import labels_text

    if reach is None:
        return "–"
    if math.isinf(reach.labels):
        return f"out of reach (≥ {labels_text(reach.low)})" if math.isfinite(reach.low) else "out of reach"
    high = labels_text(reach.high) if math.isfinite(reach.high) else "?"
    return f"{labels_text(reach.labels)} ({labels_text(reach.low)}–{high})"


def _saved(one: "Outlook") -> str:
    from headstart.charts.text import signed_labels

    if one.saved is None:
        return "–"
    ends = [signed_labels(end) if math.isfinite(end) else "beyond" for end in one.saved]
    return f"{ends[0]} ({ends[1]} to {ends[2]})"


def _net(one: "Outlook", label_cost: float, compute_cost: float) -> float:
    return one.saved.labels * label_cost - one.hours * compute_cost if one.saved else 0.0


def _money(one: "Outlook", label_cost: float, compute_cost: float) -> str:
    if one.saved is None:
        return "–"
    money = _net(one, label_cost, compute_cost)
    return f"{'−' if money < 0 else '+'}{_amount(abs(money))}"


def _amount(money: float) -> str:
    return "more than can be told" if math.isinf(money) else f"{money:,.2f}"
