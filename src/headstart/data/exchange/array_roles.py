"""Which of several named arrays are images, labels and so on, by what people call them."""

import re
from collections.abc import Mapping, Sequence

from headstart.data.exchange.array_files import Chain, Values
from headstart.data.exchange.splits import SPLIT_WORDS, UNKNOWN, UNLABELLED
from headstart.errors import DataError

__all__ = ["KEYS", "NONE", "Found", "by_role", "may_be_images"]

NONE = "none"
WORDS: Mapping[str, tuple[str, ...]] = {
    "images": ("images", "image", "x", "data", "imgs", "img", "pictures", "inputs", "arr_0"),
    "class": ("labels", "label", "y", "class", "targets", "target", "arr_1"),
    "names": ("class_names", "label_names", "names", "classes"),
    "split": ("split", "splits", "subset", "set"),
    "group": ("group", "groups", "patient", "patient_id", "scene"),
    "semantic": ("semantic", "masks", "mask", "segmentation"),
    "instance": ("instance", "instances"),
    "depth": ("depth", "depths", "depth_maps"),
    "pose": ("pose", "poses"),
    "rotation": ("rotation", "rotations", "rot_mat"),
}
"""What people call arrays, in lower case and without the name of a split."""
KEYS = {role: f"{role}_key" for role in WORDS} | {"images": "image_key", "semantic": "mask_key"}
"""The option that names an array of each role."""
WHOLE = ("names",)
"""Roles of one array for all splits."""
Found = Mapping[int, str]
"""Names of arrays by their split; ``UNKNOWN`` alone where they name none."""


def by_role(
    arrays: Mapping[str, Values], asked: Mapping[str, str | None], where: str
) -> tuple[dict[str, Values], dict[str, Found]]:
    """Arrays by role, those of several splits one after another, and their names.

    asked: by role, the name that an option gives, or ``none``. Raises ``DataError`` if no array could be the images,
    several could be one thing, or those of one thing are not of the splits or rows of the images.
    """
    names = {role: _named(arrays, role, asked.get(role), where) for role in WORDS}
    if not names["images"]:
        held = ", ".join(f"{name} {list(values.shape)}" for name, values in arrays.items()) or "nothing"
        words = ", ".join(WORDS["images"])
        raise DataError(f"{where} has no array of images ({words}), only {held}: name it with `{KEYS['images']}`")
    joined = {}
    for role, found in names.items():
        if found:
            _check_splits(role, found, names["images"], where)
            parts = [arrays[found[split]] for split in sorted(found)]
            _check_alike(role, [found[split] for split in sorted(found)], parts, where)
            joined[role] = parts[0] if len(parts) == 1 else Chain(tuple(parts))
    _check_rows(arrays, names, where)
    return joined, {role: found for role, found in names.items() if found}


def may_be_images(name: str) -> bool:
    """Whether people call images so.

    >>> may_be_images("x_train"), may_be_images("00012")
    (True, False)
    """
    return _parted(name)[1] in WORDS["images"]


def _parted(name: str) -> tuple[int, str]:
    """The split that a name tells, and what is left of it."""
    words = re.split(r"[_\-. ]+", name.lower())
    told = [word for word in words if word in SPLIT_WORDS]
    rest = [word for word in words if word not in SPLIT_WORDS]
    return (SPLIT_WORDS[told[0]], "_".join(rest)) if len(told) == 1 and rest else (UNKNOWN, name.lower())


def _named(arrays: Mapping[str, Values], role: str, asked: str | None, where: str) -> dict[int, str]:
    if asked == NONE:
        return {}
    if asked in arrays:
        return {UNKNOWN: str(asked)}
    words = WORDS[role] if asked is None else (asked.lower(),)
    found: dict[int, str] = {}
    for name in arrays:
        split, rest = _parted(name)
        if rest in words:
            if split in found:
                raise DataError(
                    f"{where} has '{found[split]}' and '{name}', and both could be the {role}: name one with "
                    f"`{KEYS[role]}`"
                )
            found[split] = name
    if asked is not None and not found:
        raise DataError(f"{where} has no array '{asked}', which `{KEYS[role]}` names, only {', '.join(arrays)}")
    return found


def _check_splits(role: str, found: Found, images: Found, where: str) -> None:
    if role in WHOLE:
        return
    lost = sorted(set(images) - set(found) - {UNLABELLED})
    if lost or set(found) - set(images):
        theirs, ours = ", ".join(found.values()), ", ".join(images.values())
        raise DataError(
            f"{where} has {role} for other splits ({theirs}) than images ({ours}): save both for each split, or name "
            f"one with `{KEYS[role]}`"
        )


def _check_alike(role: str, names: Sequence[str], parts: Sequence[Values], where: str) -> None:
    for name, part in zip(names[1:], parts[1:], strict=True):
        same = part.shape[1:] == parts[0].shape[1:] and part.dtype.kind == parts[0].dtype.kind
        if not same or (role == "images" and part.dtype != parts[0].dtype):
            raise DataError(
                f"{where}: '{names[0]}' is {parts[0].dtype} {list(parts[0].shape)} and '{name}' {part.dtype} "
                f"{list(part.shape)}, and those of all splits are alike: make them so"
            )


def _check_rows(arrays: Mapping[str, Values], names: Mapping[str, Found], where: str) -> None:
    for role, found in names.items():
        for split, name in found.items():
            image = names["images"].get(split)
            if role in WHOLE or image is None:
                continue
            if arrays[name].shape[:1] != arrays[image].shape[:1]:
                ours, theirs = arrays[image].shape, arrays[name].shape
                raise DataError(
                    f"{where}: '{name}' has {theirs[0] if theirs else 'no'} rows and '{image}' {ours[0]}: give one "
                    "for each image"
                )
