"""Arrays that a Python program has, as a dataset folder."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.account import Account
from headstart.data.exchange.array_files import Held, Values
from headstart.data.exchange.array_set import ArrayOptions, read_set
from headstart.data.exchange.transfer import Listener, import_reader, refuse_untaught
from headstart.errors import DataError
from headstart.folder import Manifest
from headstart.schema import validate

__all__ = ["as_array", "import_arrays"]


def import_arrays(
    images: Any,
    labels: Any = None,
    *,
    out: Path | str,
    split: Any = None,
    groups: Any = None,
    classes: Sequence[str] | None = None,
    masks: Any = None,
    depth: Any = None,
    pose: Any = None,
    rotation: Any = None,
    progress: Listener | None = None,
    tell: Callable[[Account], None] | None = None,
    **options: Any,
) -> Manifest:
    """Write images and labels that are in memory into a dataset folder at ``out``, and return its manifest.

    images: a NumPy array, a tensor, or a sequence of either, all of one shape: ``[N, H, W]``, ``[N, H, W, C]`` or
    ``[N, C, H, W]``, uint8, uint16 or floats. labels: numbers or names ``[N]``. split: ``train``, ``val``, ``test`` or
    0, 1, 2 ``[N]``; without it, splits are drawn 10 : 1 : 1. groups: patients or scenes, which
    drawn splits keep together. classes: names by number. masks, depth: ``[N, H, W]``.
    pose ``[N]``, rotation ``[N, 3, 3]``. options: those of the format ``arrays``: resolution, fit, layout, seed,
    depth_scale, …. tell: called at the end with what was guessed. Raises ``DataError`` for what is no image set,
    ``StoreError`` if ``out`` holds something.

    >>> import headstart, numpy as np
    >>> pixels, digits = np.zeros((36, 8, 8), np.uint8), np.arange(36) % 10
    >>> headstart.import_arrays(pixels, digits, out="digits").classes  # doctest: +SKIP
    ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')

    A study reads it by ``dataset: {source: folder, path: digits}``.
    """
    given = {
        "images": images, "labels": labels, "split": split, "group": groups, "class_names": classes,
        "masks": masks, "depth": depth, "pose": pose, "rotation": rotation,
    }  # fmt: skip
    arrays: dict[str, Values] = {
        name: Held(as_array(value, name)) for name, value in given.items() if value is not None
    }
    return _imported(arrays, Path(out), options, progress, tell)


def _imported(
    arrays: Mapping[str, Values], out: Path, options: Mapping[str, Any], progress: Listener | None,
    tell: Callable[[Account], None] | None,
) -> Manifest:  # fmt: skip
    checked = validate(ArrayOptions, options, "import_arrays")
    reader = read_set(arrays, "import_arrays", out.expanduser().resolve().name, checked)
    refuse_untaught(reader, "import_arrays")
    return import_reader(reader, out, progress=progress, tell=tell)


def as_array(value: Any, what: str) -> NDArray[Any]:
    """A NumPy array of an array, a tensor on any device, a column of a table, or a sequence of these.

    Raises ``DataError`` for rows of several shapes.
    """
    if hasattr(value, "detach"):  # a tensor; NumPy has no bfloat16, which float32 holds
        value = value.detach().cpu()
        return np.asarray(value.float() if value.dtype.is_floating_point and value.element_size() < 4 else value)
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value
    rows = list(value)
    if not rows or isinstance(rows[0], str | bytes) or not hasattr(rows[0], "__len__"):
        return np.array(rows, dtype=object if any(isinstance(row, str | bytes) for row in rows) else None)
    parts = [as_array(row, what) for row in rows]
    for number, part in enumerate(parts):
        if part.shape != parts[0].shape:
            raise DataError(
                f"{what}: row 0 has the shape {list(parts[0].shape)} and row {number} {list(part.shape)}: make them of "
                "one size"
            )
    return np.stack(parts)
