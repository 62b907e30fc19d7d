"""What tables tell of pictures but for classes and splits: files of masks and depth maps, poses and rotations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.account import Account
from headstart.data.exchange.layout import Parts
from headstart.data.exchange.maps import MapFiles, MapOptions, depth_of, number_masks, read_map
from headstart.data.exchange.plain import Beside
from headstart.data.exchange.tables import DEPTH, MASK, POSE, Table, column_of, entry_of, steps_of
from headstart.errors import DataError
from headstart.scenes.disk.tree import Entry
from headstart.scenes.pose import POSES, euler_matrix, pose_class

__all__ = ["MAPS", "TargetOptions", "Told", "beside_of", "columns_of", "read_targets"]

ROTATION = tuple(f"r{row}{column}" for row in (1, 2, 3) for column in (1, 2, 3))
MAPS = {"semantic": ("mask_column", MASK), "depth": ("depth_column", DEPTH)}
"""By target: the option that names its column, and what people call it."""


class TargetOptions(MapOptions):
    """Columns of a table besides path, class and split; by default what people call them, and ``none`` is no column.

    mask_column, depth_column: files of maps, relative to the table. pose_column: one of five poses, by number or name.
    angle_columns: three turns of the object about the fixed axes x, y and z, in this order, in ``angle_unit``; columns
    r11 to r33 are a rotation matrix. Pose follows from rotation where no column has it.
    """

    mask_column: str | None = None
    depth_column: str | None = None
    pose_column: str | None = None
    angle_columns: tuple[str, str, str] | None = None
    angle_unit: Literal["degrees", "radians"] = "degrees"


Told = dict[str, list[tuple[str, Any]]]
"""By target, for each row: where it is told, and what."""


@dataclass(frozen=True)
class Columns:
    """Places of columns. maps: by target. numbers: of pose, rotation and angles, as many as each has."""

    maps: Mapping[str, int]
    numbers: Mapping[str, tuple[int, ...]]


def columns_of(table: Table, options: TargetOptions, files: Mapping[Parts, Entry]) -> Columns:
    """Which columns of a table are targets.

    One that is called so, and not asked for, is none unless a row holds one: a file that is there, or a pose.
    """
    maps: dict[str, int] = {}
    numbers: dict[str, tuple[int, ...]] = {}
    for name, (key, words) in MAPS.items():
        asked = getattr(options, key)
        place = column_of(table, key, asked, words)
        if place is not None and (asked is not None or _is_file(table, place, files)):
            maps[name] = place
    pose = column_of(table, "pose_column", options.pose_column, POSE)
    if pose is not None and (options.pose_column is not None or _holds_pose(table, pose)):
        numbers["pose"] = (pose,)
    if set(ROTATION) <= set(table.header):
        numbers["rotation"] = tuple(table.header.index(column) for column in ROTATION)
    if options.angle_columns is not None:
        found = (column_of(table, "angle_columns", column, ()) for column in options.angle_columns)
        numbers["angles"] = tuple(place for place in found if place is not None)
    return Columns(maps, numbers)


def _is_file(table: Table, place: int, files: Mapping[Parts, Entry]) -> bool:
    return any(row[place] and steps_of(table, row[place]).parts in files for _, row in table.rows)


def _holds_pose(table: Table, place: int) -> bool:
    return any(_pose_number(row[place]) is not None for _, row in table.rows)


def _pose_number(text: str) -> int | None:
    text = text.strip()
    if text in POSES:
        return POSES.index(text)
    return int(text) if text.isdecimal() and int(text) < len(POSES) else None


def read_targets(
    where: str, row: Sequence[str], table: Table, columns: Columns, files: Mapping[Parts, Entry], told: Told
) -> None:
    """Add what a row tells to ``told``. Raises ``DataError``, which ``where`` begins, for what is no such target."""
    for name, place in columns.maps.items():
        what = "mask" if name == "semantic" else name
        told.setdefault(name, []).append((f"{where}: '{row[place]}'", entry_of(where, table, row[place], files, what)))
    for name, places in columns.numbers.items():
        read = _pose if name == "pose" else _numbers
        told.setdefault(name, []).append((where, read(where, [row[place] for place in places], name)))


def _pose(where: str, values: Sequence[str], name: str) -> int:
    found = _pose_number(values[0])
    if found is None:
        raise DataError(f"{where} has '{values[0]}' as {name}, none of 0 to 4 and {', '.join(POSES)}: mend it")
    return found


def _numbers(where: str, values: Sequence[str], name: str) -> list[float]:
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        numbers = [np.nan]
    if not np.isfinite(numbers).all():
        raise DataError(f"{where} has {', '.join(map(repr, values))} as {name}, and these are numbers: fill them in")
    return numbers


def beside_of(
    told: Told, rows: int, options: TargetOptions, classes: Sequence[str], where: str, account: Account
) -> tuple[Beside, Sequence[str]]:
    """Targets of ``rows`` pictures, and the names of classes, which masks tell where nothing else does.

    Raises ``DataError`` where some tables have a column that others have not.
    """
    for name, found in told.items():
        if len(found) != rows:
            raise DataError(
                f"some tables below {where} have columns of {name} and others have none: add or remove them"
            )
    maps = {}
    if "depth" in told:
        maps["depth"] = _files(told["depth"], partial(depth_of, options=options))
    if "semantic" in told:
        masks = ((at, partial(_read, entry)) for at, entry in told["semantic"])
        numbering = number_masks(masks, options.mask_void, classes)
        maps["semantic"], classes = _files(told["semantic"], numbering), numbering.names
        account.guess("masks", ", ".join(numbering.names[:5]), "the numbers of classes in them; 0 is none")
    for name in told:
        account.guess("target", name, "the table has columns of it")
    return Beside(_values(told, options), maps), classes


def _read(entry: Entry) -> NDArray[Any]:
    return read_map(entry.read())


def _files(told: Sequence[tuple[str, Entry]], convert: Any) -> MapFiles:
    return MapFiles([entry for _, entry in told], [where for where, _ in told], convert)


def _values(told: Told, options: TargetOptions) -> dict[str, NDArray[Any]]:
    values: dict[str, NDArray[Any]] = {}
    if "angles" in told:
        angles = np.array([turns for _, turns in told["angles"]])
        values["rotation"] = euler_matrix(np.deg2rad(angles) if options.angle_unit == "degrees" else angles)
    if "rotation" in told:
        values["rotation"] = np.array([matrix for _, matrix in told["rotation"]]).reshape(-1, 3, 3)
    if "rotation" in values:
        values = {"pose": pose_class(values["rotation"]), "rotation": values["rotation"].astype(np.float32)}
    if "pose" in told:
        values["pose"] = np.array([pose for _, pose in told["pose"]], dtype=np.int64)
    return values
