"""Labels as people have them, and the numbers and names of classes that they become."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.class_names import ordered
from headstart.errors import DataError

__all__ = ["numbered"]


def numbered(values: NDArray[Any], where: str, names: Sequence[str] = ()) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Class numbers ``[N]`` and names of classes.

    values: numbers or names ``[N]`` or ``[N, 1]``, or 0 and 1 with one 1 a row, ``[N, K]``. names: of the classes; by
    default those that occur are all. Raises ``DataError``, which ``where`` begins, naming a row, for anything else.

    >>> numbered(np.array(["dog", "cat", "dog"]), "labels")
    (array([1, 0, 1]), ('cat', 'dog'))
    """
    column = _column(values, where)
    if column.dtype.kind in "OSU":
        return _of_names(_text(column, where), where, names)
    numbers = _whole(column, where)
    if names:
        _refuse(numbers >= len(names), numbers, where, f"and there are {len(names)} names of classes")
        return numbers, tuple(names)
    known = np.unique(numbers)
    return np.searchsorted(known, numbers), tuple(map(str, known.tolist()))


def _column(values: NDArray[Any], where: str) -> NDArray[Any]:
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0]
    if values.ndim == 2 and values.dtype.kind in "biuf" and _one_hot(values):
        column: NDArray[Any] = values.argmax(axis=1)
        return column
    if values.ndim != 1:
        raise DataError(
            f"{where} has the shape {list(values.shape)}, and there is one class a row: give numbers or names [N], or "
            "a single 1 among 0 a row [N, K]"
        )
    return values


def _one_hot(values: NDArray[Any]) -> bool:
    return bool(((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all())


def _whole(column: NDArray[Any], where: str) -> NDArray[np.int64]:
    if column.dtype.kind not in "biuf":
        raise DataError(f"{where} is of {column.dtype}, and classes are numbers or names: convert it")
    if column.dtype.kind == "f":
        _refuse(~np.isfinite(column), column, where, "which is no class: label or remove such rows")
        _refuse(column != np.round(column), column, where, "and classes are whole numbers or names: convert it")
    _refuse(column < 0, column, where, "and classes are 0 or above: keep images without a class in an array apart")
    return column.astype(np.int64)


def _of_names(text: list[str], where: str, names: Sequence[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    known = tuple(names) or ordered(text)
    numbers = {name: number for number, name in enumerate(known)}
    for row, name in enumerate(text):
        if name not in numbers:
            raise DataError(f"{where}, row {row}: '{name}' is none of the classes {', '.join(known)}: mend it")
    return np.array([numbers[name] for name in text], dtype=np.int64), known


def _text(column: NDArray[Any], where: str) -> list[str]:
    """Names; numbers that are kept as objects, too. Raises ``DataError`` for a row without."""
    found = []
    for row, value in enumerate(column.tolist()):
        text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
        if isinstance(text, bool | int):
            text = str(int(text))
        if not isinstance(text, str) or not text.strip():
            raise DataError(f"{where}, row {row} is {value!r}, which is no class: label or remove such rows")
        found.append(text.strip())
    return found


def _refuse(wrong: NDArray[np.bool_], values: NDArray[Any], where: str, why: str) -> None:
    rows = np.flatnonzero(wrong)
    if len(rows):
        raise DataError(f"{where}, row {rows[0]} is {values[rows[0]]}, {why}")
