"""Image sets in arrays: ``.npy`` and ``.npz`` files, and arrays in memory.

Written: ``images.npy`` ``[N, H, W, C]``, ``labels.npy``, ``split.npy`` (0 train, 1 val, 2 test), ``class_names.npy``
and a file for every other annotation. Read: these, and what others save (``array_roles`` knows their names).
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.account import Account
from headstart.data.exchange.array_files import ENDINGS, Values, arrays_at, files_at
from headstart.data.exchange.array_reader import TOGETHER, ArrayReader, Convert
from headstart.data.exchange.array_roles import KEYS, Found, by_role, may_be_images
from headstart.data.exchange.array_values import (
    LAYOUTS,
    Layout,
    as_numbers,
    kind_of,
    layout_of_images,
    splits_of,
    whole,
)
from headstart.data.exchange.array_write import write_arrays
from headstart.data.exchange.base import Format, Reader, new_manifest
from headstart.data.exchange.doubts import class_doubts, split_groups
from headstart.data.exchange.labels import numbered
from headstart.data.exchange.maps import MapOptions, depth_of, number_masks
from headstart.data.exchange.provenance import Provenance, read_provenance
from headstart.data.exchange.stored import TARGETS
from headstart.errors import DataError
from headstart.folder import PIXEL_TARGETS
from headstart.scenes.pose import POSES, pose_class

__all__ = ["ARRAYS", "ArrayOptions", "holds_arrays", "read_set"]

NONE = np.zeros(0, dtype=np.int64)


class ArrayOptions(MapOptions):
    """Which arrays are what; by default what people call them (see ``array_roles``), and ``none`` is no array.

    layout: what the axes of images are: N images, of H rows and W columns, with C channels. By default it is told from
    their lengths.
    """

    layout: Literal["NHWC", "NCHW", "NHW"] | None = None
    image_key: str | None = None
    class_key: str | None = None
    names_key: str | None = None
    split_key: str | None = None
    group_key: str | None = None
    mask_key: str | None = None
    instance_key: str | None = None
    depth_key: str | None = None
    pose_key: str | None = None
    rotation_key: str | None = None


def read_arrays(path: Path, options: ArrayOptions) -> Reader:
    """A reader of an ``.npz`` archive, a ``.npy`` file of images with others beside it, or a folder of such files.

    Raises ``DataError``, naming arrays, if none could be images or their shapes, types or rows are not as they should.
    """
    arrays = arrays_at(path)
    provenance = read_provenance(path) if path.is_dir() else None
    if provenance is not None:
        return _exported(arrays, str(path), provenance)
    return read_set(arrays, str(path), path.resolve().stem, options)


def _exported(arrays: Mapping[str, Values], where: str, provenance: Provenance) -> ArrayReader:
    joined = {**{name: arrays[name] for name in provenance.targets if name in arrays}, **by_role(arrays, {}, where)[0]}
    lost = sorted({"images", "split", *provenance.targets} - joined.keys())
    if lost:
        raise DataError(f"{where} has no array of {lost[0]}, which was exported: restore it, or export it again")
    held = {name: whole(joined[name]) for name in provenance.targets if name not in PIXEL_TARGETS}
    maps: dict[str, tuple[Values, Convert]] = {
        name: (joined[name], np.asarray) for name in provenance.targets if name in PIXEL_TARGETS
    }
    splits, layout = whole(joined["split"]).astype(np.uint8), LAYOUTS["NHWC"]
    reader = ArrayReader(
        provenance.dataset, splits, provenance.targets, joined["images"], layout, held, maps, "crop", True
    )
    reader.account.used = len(arrays)
    return reader


def read_set(arrays: Mapping[str, Values], where: str, name: str, options: ArrayOptions) -> ArrayReader:
    """A reader of named arrays, which errors call ``where``; ``name`` is the dataset's. Raises as ``read_arrays``."""
    joined, names = by_role(arrays, {role: getattr(options, key) for role, key in KEYS.items()}, where)
    account = Account(used=sum(map(len, names.values())))
    _tell_unused(arrays, names, account)
    images, called = joined["images"], f"{where}: '{_called(names['images'])}'"
    layout = layout_of_images(images.shape, options.layout, called, account)
    kind, side = kind_of(images, layout, called, account), _side(layout, images, options, called)
    told = whole(joined["split"]) if "split" in joined else None
    counts = [arrays[names["images"][split]].shape[0] for split in sorted(names["images"])]
    belongs = _groups(whole(joined["group"]), where) if "group" in joined else []
    splits = splits_of(told, names["images"], counts, belongs, options.seed, f"{where}: splits", account)
    classes, held = _held(joined, names, where, account)
    maps, classes = _mapped(joined, classes, layout, where, options, account)
    made_by = {"imported": "arrays", "resolution": side, "seed": options.seed, "fit": options.fit}
    if belongs:
        held["group"] = np.unique(belongs, return_inverse=True)[1].astype(np.int64)
    doubts = [*split_groups(belongs, splits), *class_doubts(classes, held.get("class", NONE), splits)]
    account.notes += [f"{where}: {doubt}" for doubt in doubts]
    manifest = new_manifest(name, made_by, kind, classes, splits, sorted(set(belongs)))
    targets = tuple(target for target in TARGETS if target in held or target in maps)
    reader = ArrayReader(manifest, splits, targets, images, layout, held, maps, options.fit, False)
    _, height, width = layout.size(images.shape)
    account.sizes[width, height] = len(splits)
    reader.account = account
    return reader


def _groups(values: NDArray[Any], where: str) -> list[str]:
    """What each image belongs to, as text; a whole number is one, be it kept as a float. Raises ``DataError`` for an
    image of no group."""
    flat = (values.astype(str) if values.dtype.kind == "S" else values).reshape(-1).tolist()
    found = [value.strip() if isinstance(value, str) else value for value in flat]
    for row, value in enumerate(found):
        if value is None or value != value or value == "":
            raise DataError(f"{where}: row {row} has no group: fill it in, or leave groups out")
    return [str(int(value) if isinstance(value, float) and value.is_integer() else value) for value in found]


def _called(found: Found) -> str:
    return "', '".join(found[split] for split in sorted(found))


def _tell_unused(arrays: Mapping[str, Values], names: Mapping[str, Found], account: Account) -> None:
    used = {name for found in names.values() for name in found.values()}
    for name in arrays:
        if name not in used:
            account.skip(name, "an array that is called like nothing of an image set")
    for role, found in names.items():
        account.guess(role, _called(found).replace("'", ""), "the names of arrays")


def _side(layout: Layout, images: Values, options: ArrayOptions, where: str) -> int:
    _, height, width = layout.size(images.shape)
    if options.resolution is None and height != width:
        raise DataError(f"{where} holds images of {width}×{height} pixels, and images are square: give a resolution")
    return options.resolution or height


def _held(
    joined: Mapping[str, Values], names: Mapping[str, Found], where: str, account: Account
) -> tuple[tuple[str, ...], dict[str, NDArray[Any]]]:
    """Names of classes, and targets of a few numbers a row."""
    classes: tuple[str, ...] = ()
    held: dict[str, NDArray[Any]] = {}
    if "names" in joined:
        classes = tuple(map(str, whole(joined["names"]).reshape(-1).tolist()))
    if "class" in joined:
        called = f"{where}: '{_called(names['class'])}'"
        held["class"], classes = numbered(whole(joined["class"]), called, classes)
        account.guess("classes", f"{len(classes)}", f"{', '.join(classes[:5])}{' …' if len(classes) > 5 else ''}")
    if "rotation" in joined:
        held["rotation"] = _rotations(whole(joined["rotation"]), where)
        held["pose"] = pose_class(held["rotation"])
    if "pose" in joined:
        poses = whole(joined["pose"]).reshape(-1)
        held["pose"] = as_numbers(poses, f"{where}: '{_called(names['pose'])}'", len(POSES) - 1).astype(np.int64)
    return classes, held


def _rotations(values: NDArray[Any], where: str) -> NDArray[np.float32]:
    if values.size != 9 * len(values) or values.dtype.kind != "f":
        raise DataError(f"{where}: rotations are {values.dtype} {list(values.shape)}, and not floats [N, 3, 3]")
    return values.reshape(len(values), 3, 3).astype(np.float32)


def _mapped(
    joined: Mapping[str, Values], classes: tuple[str, ...], layout: Layout, where: str, options: ArrayOptions,
    account: Account,
) -> tuple[dict[str, tuple[Values, Convert]], tuple[str, ...]]:  # fmt: skip
    """Maps, each with what makes a target of its numbers; and the names of classes, which masks may tell."""
    maps: dict[str, tuple[Values, Convert]] = {}
    for name in PIXEL_TARGETS:
        if name in joined:
            _check_planes(joined[name], layout.size(joined["images"].shape)[1:], f"{where}: {name}")
    if "depth" in joined:
        maps["depth"] = joined["depth"], partial(depth_of, options=options)
    if "instance" in joined:
        maps["instance"] = joined["instance"], partial(as_numbers, what="it", most=255)
    if "semantic" in joined:
        numbering = number_masks(_masks(joined["semantic"]), options.mask_void, classes)
        maps["semantic"], classes = (joined["semantic"], numbering), numbering.names
        account.guess("masks", ", ".join(numbering.names[:5]), "the numbers of classes in them; 0 is none")
    return maps, classes


def _check_planes(values: Values, size: tuple[int, int], where: str) -> None:
    shape = tuple(length for axis, length in enumerate(values.shape) if axis in (0,) or length > 1)
    if len(values.shape) not in (3, 4) or shape[1:] != tuple(length for length in size if length > 1):
        raise DataError(
            f"{where} has the shape {list(values.shape)}, and not a number for each of {size[1]}×{size[0]} pixels of "
            "each image: make them of one size"
        )


def _masks(values: Values) -> Iterator[tuple[str, Callable[[], NDArray[Any]]]]:
    for start in range(0, values.shape[0], TOGETHER):
        block = values.rows(start, min(start + TOGETHER, values.shape[0]))
        for row, mask in enumerate(block, start):
            yield f"the mask of image {row}", partial(np.asarray, mask)


def holds_arrays(path: Path) -> bool:
    """Whether ``path`` is an ``.npz`` or ``.npy`` file, or a folder with images in one of those that it holds."""
    if not path.is_dir():
        return path.suffix.lower() in ENDINGS and path.is_file()
    if not any(file.suffix.lower() == ".npz" or may_be_images(file.stem) for file in files_at(path)):
        return False
    try:
        joined, _ = by_role(arrays_at(path), {}, str(path))
    except DataError:
        return False  # single pictures, perhaps; who asks for this format hears what is wrong
    return len(joined["images"].shape) == 4 or "class" in joined


ARRAYS = Format(
    "arrays",
    "Arrays of images and labels in NumPy's .npy or .npz files.",
    ArrayOptions,
    write_arrays,
    read_arrays,
    holds_arrays,
)
