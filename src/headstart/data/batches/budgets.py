"""Label budgets: which images a trial may see the labels of."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from headstart.errors import ConfigError

__all__ = ["check_budgets", "in_labels", "label_order", "middle_budget", "suggest_budgets"]


def label_order(
    classes: npt.ArrayLike, generator: np.random.Generator, groups: npt.ArrayLike | None = None
) -> npt.NDArray[np.int64]:
    """An order of all rows whose every prefix is a stratified random subset, so that budgets are nested.

    ``classes``: integer ``[N]``. First comes one row of each class, the classes in random order, so that a budget of as
    many labels as classes, or more, has a label of every class, however rare. Then row k of a class of m gets the rank
    ``(k + u) / m`` with ``u`` uniform in 0..1 per class, which gives classes their shares. Within a class the order is
    random.

    ``groups``: integer ``[N]``: whole groups are drawn, patients or scenes, one after another, and a budget still
    counts images: the last group gives only what is left of it. A group counts for the class that most of its rows
    have, and so groups are stratified as rows are; but a budget that the first groups use up may lack a class.

    >>> label_order([0, 0, 0, 1], np.random.default_rng(0))[:2]  # a row of each class
    array([3, 2])
    >>> label_order([0, 1, 0, 1], np.random.default_rng(0), groups=[7, 7, 5, 5])[:2] // 2  # all of a group
    array([1, 1])
    """
    if groups is not None:
        return _by_group(np.asarray(classes), np.asarray(groups), generator)
    labels = np.asarray(classes)
    rank = np.empty(len(labels))
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        rank[rows] = (np.arange(len(rows)) + generator.random()) / len(rows)
        rank[rows[0]] = generator.random() - 1
    return np.argsort(rank, kind="stable")


def _by_group(
    classes: npt.NDArray[np.int64], groups: npt.NDArray[np.int64], generator: np.random.Generator
) -> npt.NDArray[np.int64]:
    labels, label = np.unique(classes, return_inverse=True)
    names, group = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), len(labels)), dtype=np.int64)
    np.add.at(counts, (group, label), 1)
    place = np.empty(len(names), dtype=np.int64)
    place[label_order(counts.argmax(axis=1), generator)] = np.arange(len(names))
    return np.lexsort((generator.permutation(len(classes)), place[group]))


def in_labels(budget: Any, images: int) -> Any:
    """A budget in per cent of ``images`` as a number of labels, at least one; anything else, and 0 %, as it is.

    >>> in_labels("2.5%", 1000)
    25
    """
    share = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", budget) if isinstance(budget, str) else None
    return max(1, round(float(share[1]) * images / 100)) if share and float(share[1]) else budget


def suggest_budgets(images: int, classes: int) -> list[int]:
    """Budgets to begin with: from 5 labels a class on, four times as many each, up to all ``images`` of training.

    Fewer than 5 a class where there are no two such budgets; none at all for less than two.

    >>> suggest_budgets(1500, 10), suggest_budgets(12, 4), suggest_budgets(3, 3)
    ([50, 200, 800], [4, 12], [])
    """
    lowest = max(1, classes)
    for first in (5 * lowest, lowest):
        budgets = [first * 4**step for step in range(20) if first * 4**step <= images]
        if len(budgets) > 1:
            return budgets[:5]
    return [lowest, images] if lowest < images else []


def middle_budget(budgets: Iterable[int]) -> int:
    """The middle one; of an even number the smaller of two, above which the baseline's curve still goes on.

    >>> middle_budget([400, 50, 100, 200])
    100
    """
    ascending = sorted(set(budgets))
    return ascending[(len(ascending) - 1) // 2]


def check_budgets(budgets: Iterable[int], *, images: int, fewest: int, where: str) -> None:
    """Refuse a budget that the training split cannot give, or below ``fewest``, one label for each class."""
    for budget in budgets:
        if budget > images:
            raise ConfigError(
                f"{where}: budget {budget} is larger than the training split of {images} images: "
                f"lower it to at most {images}, or make more images"
            )
        if budget < fewest:
            raise ConfigError(
                f"{where}: budget {budget} is smaller than the {fewest} classes, so some class would have no label: "
                f"raise it to at least {fewest}"
            )
