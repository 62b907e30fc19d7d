"""What the numbers of arrays mean: axes of images, kinds, splits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.account import Account
from headstart.data.exchange.array_files import Values
from headstart.data.exchange.array_roles import Found
from headstart.data.exchange.arrays import DTYPES, axes_of
from headstart.data.exchange.kinds import Kind
from headstart.data.exchange.layout import split_of_name
from headstart.data.exchange.parts import unlabelled_guess
from headstart.data.exchange.splits import UNKNOWN, UNLABELLED, complete_splits, drawn_splits, told_splits
from headstart.errors import DataError
from headstart.folder import MOST_CHANNELS, SPLITS

__all__ = ["LAYOUTS", "Layout", "as_numbers", "kind_of", "layout_of_images", "splits_of", "whole"]

NARROWED = {"float64": "float32", "float16": "float32"}
"""Types of images that are kept as another, which holds what a picture needs of them."""


@dataclass(frozen=True)
class Layout:
    """Which axes of ``[N, …]`` are channels (``None``: there are none), rows and columns."""

    channels: int | None
    down: int
    right: int

    def channels_last(self, block: NDArray[Any]) -> NDArray[Any]:
        """``[n, H, W, C]``."""
        return block[..., None] if self.channels is None else block.transpose(0, self.down, self.right, self.channels)

    def size(self, shape: tuple[int, ...]) -> tuple[int, int, int]:
        """Channels, rows and columns."""
        return 1 if self.channels is None else shape[self.channels], shape[self.down], shape[self.right]


LAYOUTS = {"NHWC": Layout(3, 1, 2), "NCHW": Layout(1, 2, 3), "NHW": Layout(None, 1, 2)}


def layout_of_images(shape: tuple[int, ...], asked: str | None, where: str, account: Account) -> Layout:
    """The layout that is ``asked`` for, or what the lengths of axes tell, as for a single picture.

    Channels are an axis of at most 16, the last or the first of an image: that which leaves a square if both could be,
    or else the last. Raises ``DataError`` for a shape that is none of images.
    """
    if asked is not None:
        layout = LAYOUTS[asked]
        if len(shape) != len(asked):
            raise DataError(f"{where} has the shape {list(shape)}, which is not {asked}: correct `layout`")
    elif len(shape) == 3:
        layout = LAYOUTS["NHW"]
        account.guess("layout", "NHW", f"{list(shape)} has no axis for channels")
    else:
        layout = _told(shape, where, account)
    channels = layout.size(shape)[0]
    if not 1 <= channels <= MOST_CHANNELS or 0 in shape:
        raise DataError(
            f"{where} has the shape {list(shape)}: images have 1 to {MOST_CHANNELS} channels, and none of their axes "
            "is empty: mend it, or give `layout`"
        )
    return layout


def _told(shape: tuple[int, ...], where: str, account: Account) -> Layout:
    if len(shape) != 4:
        raise DataError(
            f"{where} has the shape {list(shape)}, and images are [N, H, W], [N, H, W, C] or [N, C, H, W]: reshape "
            "them" + (", such as images.reshape(-1, 28, 28)" if len(shape) == 2 else "")
        )
    try:
        channels, *_ = axes_of(shape[1:])
    except DataError as error:
        raise DataError(f"{where}: an image {error}") from None
    name, place, count = ("NHWC", "last", shape[3]) if channels == 2 else ("NCHW", "second", shape[1])
    account.guess("layout", name, f"of {list(shape)}, the {place} axis can be {count} channels")
    return LAYOUTS[name]


def kind_of(images: Values, layout: Layout, where: str, account: Account) -> Kind:
    """What every image is. Raises ``DataError`` for a type that pictures are not of."""
    found = images.dtype.name
    kept = NARROWED.get(found, found)
    if kept not in DTYPES:
        raise DataError(
            f"{where} is of {found}, and images are {', '.join(DTYPES)}: convert it, such as "
            "images.astype('uint8') where all numbers are 0 to 255"
        )
    if kept != found:
        account.guess("type", kept, f"images are {found}, of which pictures need no more")
    return Kind(layout.size(images.shape)[0], kept)


def whole(values: Values) -> NDArray[Any]:
    """All of an array, in memory."""
    return values.rows(0, values.shape[0])


def as_numbers(values: NDArray[Any], what: str, most: int) -> NDArray[Any]:
    """``values``, if they are whole numbers from 0 to ``most``. Raises ``DataError`` for others."""
    if values.dtype.kind not in "iu":
        raise DataError(f"{what} is of {values.dtype}, and not whole numbers: convert it")
    if values.size and (values.min() < 0 or values.max() > most):
        raise DataError(f"{what} runs from {values.min()} to {values.max()}, and not from 0 to {most}: mend it")
    return values


def splits_of(
    told: NDArray[Any] | None, images: Found, counts: list[int], groups: list[str], seed: int, where: str,
    account: Account,
) -> NDArray[np.uint8]:  # fmt: skip
    """The split of each image: as an array tells (``told``), as names of arrays do, or drawn by ``groups`` or rows.

    images: names of their arrays by split, and ``counts`` of their rows, in the order of splits. groups: what images
    belong to, one a row or none.
    """
    if told is not None:
        given = [_split(value, row, where) for row, value in enumerate(told.reshape(-1).tolist())]
        account.guesses += told_splits(given, "an array of splits")
    else:
        given = np.repeat(sorted(images), counts).tolist()
        account.guesses += told_splits(given, f"the names of {', '.join(images[split] for split in sorted(images))}")
    account.guesses += drawn_splits(given, "group" if groups else "rows")
    account.guesses += unlabelled_guess(given.count(UNLABELLED), "that is their split")
    return complete_splits(given, groups or [str(row) for row in range(len(given))], seed)


def _split(value: Any, row: int, where: str) -> int:
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
    if isinstance(text, str):
        found = split_of_name(text.strip())
    else:
        found = int(text) if text in range(len(SPLITS)) else UNKNOWN
    if found == UNKNOWN:
        raise DataError(
            f"{where}, row {row} is {text!r}, none of train, val and test, nor of 0, 1 and 2: mend it, or draw splits "
            "(`split_key=none`)"
        )
    return found
