"""What folders and names of files tell of splits and classes; each reading is a guess, with its reason."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.data.exchange.account import Guess
from headstart.data.exchange.splits import SPLIT_WORDS, UNKNOWN, UNLABELLED, near_split, told_splits
from headstart.errors import DataError

__all__ = ["Layout", "Parts", "kept_apart", "layout_of", "named_splits", "outside", "split_of_name", "wrapper_of"]

Parts = tuple[str, ...]
WORDS = "|".join(sorted(SPLIT_WORDS, key=len, reverse=True))
FOLDER = re.compile(rf"({WORDS})[_-]?(\d+|sets?|images|imgs|data)?", re.IGNORECASE)
PREFIX = re.compile(rf"({WORDS})[_\-. ]+\S", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """splits: of each path, or ``UNKNOWN``. classes: of each path, or none at all. place: which part of a path names
    its class. guesses: what all this was read from."""

    splits: Sequence[int]
    classes: Sequence[str]
    place: int
    guesses: Sequence[Guess]


def split_of_name(name: str) -> int:
    """The split that a folder is named after, or ``UNKNOWN``.

    >>> split_of_name("Validation"), split_of_name("train2017"), split_of_name("trains")
    (1, 0, -1)
    """
    found = FOLDER.fullmatch(name)
    return SPLIT_WORDS[found[1].lower()] if found else UNKNOWN


def wrapper_of(paths: Sequence[Parts], others: Sequence[Parts] = ()) -> int:
    """How many folders, one in the other, hold all ``paths`` and what ``others`` are in folders; none names a split."""
    depth = 0
    while all(len(parts) > depth + 1 for parts in paths):
        tops = {parts[depth] for parts in (*paths, *others) if len(parts) > depth + 1}
        if len(tops) > 1 or split_of_name(next(iter(tops))) != UNKNOWN:
            break
        depth += 1
    return depth


def kept_apart(paths: Sequence[Parts]) -> list[bool]:
    """Which of the paths lie in a folder for pictures without labels.

    >>> kept_apart([("unlabelled", "1.png"), ("train", "cat", "1.png")])
    [True, False]
    """
    return [any(split_of_name(folder) == UNLABELLED for folder in parts[:-1]) for parts in paths]


def outside(paths: Sequence[Parts]) -> list[bool]:
    """Which of the paths are in no split, where folders tell some, or in no class, where they tell classes alone."""
    tops = {parts[0] for parts in paths if len(parts) > 1}
    words = {top for top in tops if split_of_name(top) != UNKNOWN}
    if words and not _names_a_class(words, tops, paths):
        return [len(parts) == 1 or parts[0] not in words for parts in paths]
    inner = [split_of_name(parts[1]) != UNKNOWN if len(parts) > 2 else False for parts in paths]
    return [not told for told in inner] if any(inner) else [bool(tops) and len(parts) == 1 for parts in paths]


def layout_of(root: Path, paths: Sequence[Parts]) -> Layout:
    """Splits and classes of the pictures at ``paths`` below ``root`` and its wrapper.

    Read are ``split/class/…``, ``class/split/…``, ``class/…``, and names such as ``train_0001.png``. Raises
    ``DataError``, naming a picture, where they tell no one story.
    """
    for read in (_split_first, _class_first, _in_names):
        layout = read(root, paths)
        if layout is not None:
            return layout
    classes = _classes(root, paths)
    return Layout([UNKNOWN] * len(paths), classes, 0, [*_lone_class(paths), *_class_guess(classes, "folders")])


def named_splits(root: Path, paths: Sequence[Parts]) -> tuple[Sequence[int], Sequence[Guess]]:
    """Like ``layout_of``, of splits alone."""
    for read in (_split_folders, _names):
        found = read(root, paths)
        if found is not None:
            return found
    return [UNKNOWN] * len(paths), ()


Found = tuple[Sequence[int], Sequence[Guess]] | None


def _split_folders(root: Path, paths: Sequence[Parts]) -> Found:
    tops = {parts[0] for parts in paths if len(parts) > 1}
    words = {top for top in tops if split_of_name(top) != UNKNOWN}
    _refuse_misspelt(root, words, tops)
    if not words or _names_a_class(words, tops, paths):
        return None
    splits = [split_of_name(parts[0]) if len(parts) > 1 else UNKNOWN for parts in paths]
    if UNKNOWN in splits:
        parts = paths[splits.index(UNKNOWN)]
        near = near_split(parts[0]) if len(parts) > 1 else None
        mend = f"rename '{parts[0]}' to '{near}', or move it" if near else "move it"
        raise DataError(
            f"{root} has folders of splits, and '{'/'.join(parts)}' is in none of train, val and test: {mend}, or let "
            "pretraining alone see such pictures (`outside=unlabelled`)"
        )
    return splits, told_splits(splits, f"folders {', '.join(sorted(words))}")


def _refuse_misspelt(root: Path, words: set[str], tops: set[str]) -> None:
    """Folders that would be classes because the names of splits are misspelt: of another split than those that are not,
    or of several."""
    known = {split_of_name(word) for word in words}
    near = {top: word for top in sorted(tops - words) if (word := near_split(top))}
    others = {SPLIT_WORDS[word] for word in near.values()} - known
    if others and len(others | known) > 1 and len(words) < 2:
        name, word = next((top, word) for top, word in near.items() if SPLIT_WORDS[word] in others)
        raise DataError(
            f"{root} has a folder '{name}', which is no split: rename it to '{word}', or if it is a class, put all "
            "classes into a folder train"
        )


def _split_first(root: Path, paths: Sequence[Parts]) -> Layout | None:
    found = _split_folders(root, paths)
    if found is None:
        return None
    classes = _classes(root, [parts[1:] for parts in paths])
    return Layout(found[0], classes, 1, [*found[1], *_class_guess(classes, "folders below the splits")])


def _names_a_class(words: set[str], tops: set[str], paths: Sequence[Parts]) -> bool:
    """Whether the one folder that is named after a split is a class like the others: folders car, plane and train.

    It is none if what lies in it is ordered otherwise than in them, or is named like them.
    """
    if len(words) > 1 or words == tops:
        return False
    inner = {parts[1] for parts in paths if parts[0] in words and len(parts) > 2}
    nested = any(len(parts) > 2 for parts in paths if parts[0] not in words)
    return not inner or (nested and not inner & tops)


def _lone_class(paths: Sequence[Parts]) -> Sequence[Guess]:
    tops = sorted({parts[0] for parts in paths if len(parts) > 1})
    words = [top for top in tops if split_of_name(top) != UNKNOWN]
    others = [top for top in tops if top not in words]
    reason = f"beside {_few(others)}, which are no splits, the folder '{_few(words)}' is taken for a class"
    return [Guess("class", _few(words), reason)] if words else []


def _class_first(root: Path, paths: Sequence[Parts]) -> Layout | None:
    splits = [split_of_name(parts[1]) if len(parts) > 2 else UNKNOWN for parts in paths]
    if set(splits) == {UNKNOWN}:
        return None
    if UNKNOWN in splits:
        stray, example = paths[splits.index(UNKNOWN)], next(p for p, s in zip(paths, splits, strict=True) if s >= 0)
        raise DataError(
            f"{root} has folders of splits in its classes ('{'/'.join(example[:2])}'), and '{'/'.join(stray)}' is in "
            "none of train, val and test: move or remove it, or let pretraining alone see such pictures "
            "(`outside=unlabelled`)"
        )
    classes = [parts[0] for parts in paths]
    words = sorted({parts[1] for parts in paths})
    told = told_splits(splits, f"folders {', '.join(words)} in those of classes")
    return Layout(splits, classes, 0, [*told, *_class_guess(classes, "top folders")])


def _names(root: Path, paths: Sequence[Parts]) -> Found:  # noqa: ARG001
    """Of names of files that all begin with a split's, some of them with train."""
    found = [PREFIX.match(parts[-1]) for parts in paths]
    splits = [SPLIT_WORDS[match[1].lower()] for match in found if match]
    if len(splits) < len(paths) or 0 not in splits or len(set(splits)) < 2:
        return None
    return splits, told_splits(splits, "what the names of files begin with")


def _in_names(root: Path, paths: Sequence[Parts]) -> Layout | None:
    found = _names(root, paths)
    if found is None:
        return None
    classes = _classes(root, paths)
    return Layout(found[0], classes, 0, [*found[1], *_class_guess(classes, "folders")])


def _classes(root: Path, paths: Sequence[Parts]) -> list[str]:
    """The class of each path; none at all where pictures lie in no folder of a class."""
    labelled = [parts for parts in paths if len(parts) > 1]
    if not labelled:
        return []
    if len(labelled) < len(paths):
        stray = next(parts for parts in paths if len(parts) == 1)
        raise DataError(
            f"{root} has folders of classes, and the picture '{stray[0]}' is in none: move or remove it, or "
            "let pretraining alone see such pictures (`outside=unlabelled`)"
        )
    return [parts[0] for parts in paths]


def _class_guess(classes: Sequence[str], reason: str) -> Sequence[Guess]:
    names = sorted(set(classes))
    return [Guess("class", _few(names), reason)] if names else [Guess("class", "none", "no folders of classes")]


def _few(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"
