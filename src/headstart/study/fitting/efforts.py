"""How much a study does, from the most to the least: what a study of found images is made to, what a written one is
cut to."""

from collections.abc import Sequence
from typing import Any, NamedTuple

__all__ = ["EFFORTS", "LARGER", "LIMITS", "Effort", "Limit", "Size", "efforts", "limited", "sizes"]

Values = dict[str, Any]
WIDTHS = (8, 16, 32)
"""Of ResNet9. The quickstart's is the first, for which its settings were tuned."""


class Size(NamedTuple):
    """width: channels of the network's stem. side: pixels of an image."""

    width: int
    side: int


def sizes(sides: Sequence[int]) -> list[Size]:
    """From the smallest to the largest: images grow and networks with them, an image by two steps for one of width.

    >>> [tuple(size) for size in sizes([24, 32, 48, 64])]
    [(8, 24), (8, 32), (8, 48), (16, 48), (16, 64), (32, 64)]
    """
    widths, left = list(WIDTHS), list(sides)
    found = [Size(widths.pop(0), left.pop(0))]
    while widths or left:
        for _ in range(min(2, len(left)) if widths else len(left)):
            found.append(Size(found[-1].width, left.pop(0)))
        if widths:
            found.append(Size(widths.pop(0), found[-1].side))
    return found


class Effort(NamedTuple):
    """trials, budgets: how many. pretraining: steps; SimCLR takes three times as many. steps: of fine-tuning, at least.
    doubled: whether scratch is also trained twice as long, to see whether it is trained out."""

    trials: int
    budgets: int
    pretraining: int
    steps: int = 1200
    doubled: bool = True


EFFORTS = (
    Effort(12, 8, 6000),
    Effort(10, 8, 6000),
    Effort(10, 8, 4000),
    Effort(8, 8, 4000),
    Effort(8, 7, 4000),
    Effort(7, 7, 4000),
    Effort(7, 7, 3000),
    Effort(6, 7, 3000),
    Effort(6, 6, 3000),
    Effort(6, 6, 2000),
    Effort(5, 6, 2000),
    Effort(5, 5, 2000),
    Effort(4, 5, 2000),
    Effort(4, 5, 1500),
    Effort(4, 4, 1500),
    Effort(4, 4, 1000),
    Effort(3, 4, 1000),
    Effort(3, 4, 700),
    Effort(3, 3, 700),
    Effort(3, 3, 500, 900),
    Effort(3, 3, 500, 900, False),
    Effort(3, 3, 350, 600, False),
    Effort(2, 3, 350, 600, False),
    Effort(2, 3, 250, 400, False),
    Effort(2, 2, 170, 300, False),
    Effort(2, 2, 120, 200, False),
)
"""What is worth most is kept longest: few trials and budgets answer badly, and the largest budgets take longest."""
LARGER, WIDER = 15, 10
"""The least effort, by its place, that larger images and a wider network are taken for."""


def efforts(size: Size, smaller: Size | None) -> tuple[Effort, ...]:
    """What may be done of a size. smaller: the next smaller one; the smallest of all is taken for any effort."""
    if smaller is None:
        return EFFORTS
    return EFFORTS[: (WIDER if size.width > smaller.width else LARGER) + 1]


class Limit(NamedTuple):
    """What a written study is cut to. trials, budgets: at most. pretraining: share of its steps. steps: share of
    fine-tuning's."""

    trials: int
    budgets: int
    pretraining: float = 1.0
    steps: float = 1.0


LIMITS = (
    *(Limit(trials, 12) for trials in (24, 16, 12, 10, 8, 7, 6, 5)),
    *(Limit(5, 8), Limit(5, 7), Limit(5, 6), Limit(4, 6), Limit(4, 5), Limit(4, 5, 0.7), Limit(4, 4, 0.7)),
    *(Limit(3, 4, 0.7), Limit(3, 4, 0.5), Limit(3, 3, 0.5), Limit(3, 3, 0.5, 0.7), Limit(3, 3, 0.35, 0.7)),
    *(Limit(2, 3, 0.35, 0.7), Limit(2, 3, 0.25, 0.5), Limit(2, 2, 0.15, 0.35)),
)


def limited(values: Values, limit: Limit) -> None:
    """Cut the keys of a checked study in place; the arms, the controls and the network stay."""
    if isinstance(values["trials"], int):
        values["trials"] = min(limit.trials, values["trials"])
    else:
        values["adaptive"]["first"] = max(2, min(limit.trials, values["adaptive"]["first"]))
    values["budgets"] = _thinned(values["budgets"], limit.budgets)
    for settings in (values.get("pretrain"), *(arm["pretrain"] for arm in values["arms"].values())):
        if settings and settings.get("steps"):
            settings["steps"] = max(1, round(settings["steps"] * limit.pretraining))
    for options in (
        *values["protocols"].values(),
        *(own for arm in values["arms"].values() for own in arm["protocols"].values()),
    ):
        _shorten(options, limit.steps)


def _thinned(budgets: Sequence[int], count: int) -> list[int]:
    """Evenly, the smallest and the largest among them."""
    if len(budgets) <= count:
        return list(budgets)
    return [budgets[round(index * (len(budgets) - 1) / (count - 1))] for index in range(count)]


def _shorten(options: Values, share: float) -> None:
    """Steps of a protocol, however it says how many there are; those that are to be found, at most."""
    for key in ("steps", "min_steps", "epochs"):
        if isinstance(options.get(key), int | float) and options[key]:
            options[key] = type(options[key])(max(1, options[key] * share))
    if "max_steps" in options and "first_steps" in options:
        options["max_steps"] = max(2 * options["first_steps"], round(options["max_steps"] * share))
