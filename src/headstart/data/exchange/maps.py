"""Maps beside pictures, masks and depth: numbers by pixel, made square as their picture is, by the nearest."""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from headstart.data.exchange.arrays import is_array
from headstart.data.exchange.kinds import UNREADABLE, reason
from headstart.data.exchange.modes import opened
from headstart.data.exchange.pictures import Fit, PictureOptions
from headstart.errors import DataError
from headstart.scenes.disk.tree import Entry

__all__ = ["MapFiles", "MapOptions", "Numbering", "depth_of", "number_masks", "read_map", "square_map"]

MODES = ("1", "L", "P", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")
"""Of pictures with one number a pixel; of palettes it is the entry's number and not its color."""
DEEPEST = float(np.finfo(np.float16).max)


class MapOptions(PictureOptions):
    """mask_void: a number in masks that means no label; it counts as background. depth_scale: what depths are
    multiplied with; whole numbers need it. depth_missing: the depth that pixels without one get (0, NaN, infinite)."""

    mask_void: int | None = Field(default=None, ge=0)
    depth_scale: float | None = Field(default=None, gt=0)
    depth_missing: float | None = Field(default=None, gt=0)


@dataclass(frozen=True)
class Numbering:
    """What numbers in masks become. seen: ascending. becomes: as many. names: of the classes, from 1 on."""

    seen: NDArray[np.int64]
    becomes: NDArray[np.uint8]
    names: tuple[str, ...]

    def __call__(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """``[H, W]`` of a mask. Raises ``DataError`` for a number that was not there when they were counted."""
        place = np.searchsorted(self.seen, values).clip(max=len(self.seen) - 1)
        unknown = self.seen[place] != values
        if unknown.any():
            raise DataError(f"holds {values[unknown].flat[0]}, which no mask held before: read the set again")
        found: NDArray[np.uint8] = self.becomes[place]
        return found


@dataclass(frozen=True)
class MapFiles:
    """A map beside each picture. where: what names it, for people. convert: its numbers to those of the target."""

    files: Sequence[Entry]
    where: Sequence[str]
    convert: Callable[[NDArray[Any]], NDArray[Any]]

    def portion(self, rows: slice) -> "MapFiles":
        """Of some pictures."""
        return MapFiles(self.files[rows], self.where[rows], self.convert)

    def read(self, row: int, size: tuple[int, ...], side: int, fit: Fit) -> NDArray[Any]:
        """``[side, side]`` of the map of a picture of ``size`` (H, W), which is upright.

        Raises ``DataError``, naming the file, if it cannot be read, is of another size, or no such map.
        """
        try:
            values = read_map(self.files[row].read())
            if values.shape != size:
                ours, theirs = (f"{width}×{height}" for height, width in (values.shape, size))
                raise DataError(f"has {ours} pixels, and its picture {theirs}: make them of one size")
            return self.convert(square_map(values, side, fit))
        except (*UNREADABLE, DataError) as error:
            raise DataError(f"{self.where[row]} {_clause(error)}") from error


def _clause(error: Exception) -> str:
    return str(error) if isinstance(error, DataError) else f"is no map that can be read ({reason(error)})"


def read_map(data: bytes) -> NDArray[Any]:
    """``[H, W]`` of a picture of one channel or a ``.npy`` array. Raises one of ``UNREADABLE`` for anything else."""
    if is_array(data):
        values: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    else:
        with opened(io.BytesIO(data)) as picture:
            if picture.mode not in MODES:
                raise ValueError(f"{picture.mode}, and a map has one number a pixel")
            values = np.array(picture)
    if values.ndim != 2:
        raise ValueError(f"an array of {list(values.shape)}, and maps are [H, W]")
    return values.astype(np.uint8) if values.dtype == bool else values


def square_map(values: NDArray[Any], side: int, fit: Fit) -> NDArray[Any]:
    """``[H, W]`` as ``[side, side]``: the part that ``fit`` keeps of a picture, and 0 where it shows bars (``pad``).

    >>> square_map(np.arange(8).reshape(2, 4), 2, "crop").tolist()
    [[1, 2], [5, 6]]
    """
    height, width = values.shape
    if (height, width) == (side, side):
        return values
    down, right = (_taken(length, values.shape, side, fit) for length in (height, width))
    found: NDArray[Any] = values[down.clip(min=0)][:, right.clip(min=0)]
    found[down < 0], found[:, right < 0] = 0, 0
    return found


def _taken(length: int, shape: tuple[int, ...], side: int, fit: Fit) -> NDArray[np.int64]:
    """Which of ``length`` pixels each of ``side`` shows, as Pillow has it; -1 where it shows none."""
    if fit == "pad":
        within = max(1, round(length / max(shape) * side))
        taken = np.full(side, -1, dtype=np.int64)
        begin = round((side - within) * 0.5)
        taken[begin : begin + within] = (np.arange(within) + 0.5) * (length / within)
        return taken
    span = min(shape) if fit == "crop" else length
    return ((length - span) / 2 + (np.arange(side) + 0.5) * (span / side)).astype(np.int64)


def depth_of(values: NDArray[Any], options: MapOptions) -> NDArray[np.float16]:
    """Depths of a map. Raises ``DataError`` for those that are none, or have no unit."""
    if values.dtype.kind in "iu" and options.depth_scale is None:
        raise DataError(
            "holds whole numbers, whose unit nothing tells: give depth_scale (0.001 makes metres of millimetres)"
        )
    depth = values.astype(np.float64) * (options.depth_scale or 1.0)
    if (depth < 0).any():
        raise DataError(f"holds {values.min()}, and a depth is above 0: mend it")
    if options.depth_missing is not None:
        depth = np.where(np.isfinite(depth) & (depth > 0), depth, options.depth_missing)
    none = ~(depth > 0)
    if none.any():
        raise DataError(
            f"has {int(none.sum())} pixels of {none.size} without a depth (0 or NaN): fill them in, or give "
            "depth_missing, the depth to take for them"
        )
    if (np.isfinite(depth) & (depth > DEEPEST)).any():
        raise DataError(f"reaches {depth[np.isfinite(depth)].max():g}, and depths {DEEPEST:g}: give depth_scale")
    return depth.astype(np.float16)


def number_masks(
    masks: Iterable[tuple[str, Callable[[], NDArray[Any]]]], void: int | None, classes: Sequence[str]
) -> Numbering:
    """The numbering of named masks, all of which are read once for it.

    Where there are ``classes``, n is the class n - 1, and 0 none; else every number that occurs is a class, but for 0
    and ``void``. Raises ``DataError``, naming a mask, for numbers that are neither.
    """
    seen: dict[int, str] = {}
    for where, read in masks:
        try:
            values = read()
        except (*UNREADABLE, DataError) as error:
            raise DataError(f"{where} is no mask that can be read ({reason(error)}): mend or remove it") from error
        if values.dtype.kind not in "iu":
            raise DataError(f"{where} is of {values.dtype}, and masks hold whole numbers: convert it")
        for number in np.unique(values).tolist():
            seen.setdefault(number, where)
    return _numbering(seen, void, classes)


def _numbering(seen: dict[int, str], void: int | None, classes: Sequence[str]) -> Numbering:
    numbers = sorted({0, *seen})
    labels = [number for number in numbers if number not in (0, void)]
    most = len(classes) or 255
    wrong = [number for number in labels if number < 0 or (classes and number > most)]
    if wrong:
        raise DataError(
            f"{seen[wrong[0]]} holds {wrong[0]}, and masks hold 0 for nothing and 1 to {most} for the classes: mend "
            "it, say what means no label with `mask_void`, or leave out classes or masks"
        )
    if len(labels) > most:
        raise DataError(f"{seen[labels[-1]]} is one of masks that hold {len(labels)} numbers, and {most} are most")
    to = {number: number if classes else rank for rank, number in enumerate(labels, start=1)}
    becomes = np.array([to.get(number, 0) for number in numbers], dtype=np.uint8)
    return Numbering(np.array(numbers, dtype=np.int64), becomes, tuple(classes) or tuple(map(str, labels)))
