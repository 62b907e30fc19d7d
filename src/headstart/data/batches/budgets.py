"""Label budgets: which images a trial may see the labels of."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from headstart.errors import ConfigError

__all__ = ["check_budgets", "label_order"]


def label_order(classes: npt.ArrayLike, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """An order of all rows whose every prefix is a stratified random subset, so that budgets are nested.

    ``classes``: integer ``[N]``. Within a class the order is random; row k of a class of m gets the rank
    ``(k + u) / m`` with ``u`` uniform in 0..1 per class, which keeps each prefix of n rows within one row of
    ``n * m / N`` from every class.
    """
    labels = np.asarray(classes)
    rank = np.empty(len(labels))
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        rank[rows] = (np.arange(len(rows)) + generator.random()) / len(rows)
    return np.argsort(rank, kind="stable")


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
