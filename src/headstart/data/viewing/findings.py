"""What is wrong with a set of pictures, in sentences, and what is known of it, as plain values."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from headstart.data.batches.budgets import suggest_budgets
from headstart.data.viewing.inspect import Inspected
from headstart.folder import SPLITS
from headstart.names import as_text

__all__ = ["findings", "notes", "summary"]

FEW = 5
"""Names that a sentence or list tells of many."""
SKEWED = 10
"""How many times as many pictures the largest class has as the smallest one before that is told."""


def findings(seen: Inspected) -> list[str]:
    """What spoils a study: damaged files, pictures that cannot be read, the same picture or group on both sides of a
    split, classes or splits without pictures."""
    return [*seen.damage, *_bad(seen), *_leakage(seen), *_broken_groups(seen), *(() if seen.damage else _empty(seen))]


def notes(seen: Inspected) -> list[str]:
    """What is worth a thought, and spoils nothing by itself."""
    return [*_repeated(seen), *_imbalance(seen)]


def summary(seen: Inspected) -> dict[str, Any]:
    """Everything that was found, as plain values: the keys that ``headstart data check --json`` has, see ``docs``."""
    splits, twins = seen.splits, seen.twins
    shared = twins.differing(splits)
    counts = np.bincount(splits, minlength=len(SPLITS))
    return {
        "path": as_text(str(seen.path)),
        "format": seen.form,
        "images": dict(zip(SPLITS, counts.tolist(), strict=True)),
        "classes": {name: dict(zip(SPLITS, row, strict=True)) for name, row in _classes(seen)},
        "imbalance": _skew(seen),
        "targets": list(seen.targets),
        "sizes": _sizes(seen),
        "channels": seen.manifest.channels,
        "dtype": seen.manifest.dtype,
        "bad": {
            "count": len({bad.row for bad in seen.bad}),
            "reasons": dict(Counter(bad.reason for bad in seen.bad).most_common()),
            "first": [bad.file for bad in seen.bad[:FEW]],
        },
        "used": seen.account.used,
        "skipped": seen.account.reasons,
        "duplicates": {
            "identical": twins.identical,
            "near": twins.near,
            "across_splits": int(shared.sum()),
            "in_training": int(twins.leaked(splits).sum()),
            "other_class": int(twins.differing(seen.observed.labels).sum()),
            "first": [[seen.name(one), seen.name(other)] for one, other in seen.pairs(shared, splits)[:FEW]],
        },
        "groups": {"count": len(seen.manifest.groups), "across_splits": len(seen.broken_groups())},
        "guesses": [asdict(guess) for guess in seen.account.guesses],
        "budgets": suggest_budgets(int(counts[0]), len(seen.manifest.classes)),
        "findings": findings(seen),
        "notes": notes(seen),
    }


def _classes(seen: Inspected) -> list[tuple[str, list[int]]]:
    return list(zip(seen.manifest.classes, seen.observed.counts.tolist(), strict=True))


def _sizes(seen: Inspected) -> dict[str, Any]:
    """Smallest and largest by area, and the most frequent; aspects are width by height."""
    by_area = sorted(seen.sizes, key=lambda size: (size[0] * size[1], size))
    if not by_area:
        return {"different": 0}
    aspects = sorted(width / height for width, height in by_area)
    frequent = max(by_area, key=lambda size: seen.sizes[size])
    return {
        "different": len(by_area),
        "smallest": list(by_area[0]),
        "largest": list(by_area[-1]),
        "most_frequent": list(frequent),
        "aspects": [round(aspects[0], 3), round(aspects[-1], 3)],
    }


def _skew(seen: Inspected) -> float | None:
    """How many times as many training pictures the largest class has as the smallest that has any."""
    present = [row[0] for _, row in _classes(seen) if row[0]]
    return round(max(present) / min(present), 2) if present else None


def _bad(seen: Inspected) -> Iterator[str]:
    if seen.bad:
        count, total = len({bad.row for bad in seen.bad}), len(seen.splits) + len({bad.row for bad in seen.bad})
        named = ", ".join(map(str, seen.bad[:FEW]))
        more = f" and {len(seen.bad) - FEW} more" if len(seen.bad) > FEW else ""
        yield f"{count} of {total} pictures cannot be read: {named}{more}; mend or remove them"


def _leakage(seen: Inspected) -> Iterator[str]:
    """Pictures that are in two splits."""
    leaked, splits = seen.twins.leaked(seen.splits), seen.splits
    if leaked.any():
        one, other = seen.pairs(seen.twins.differing(splits), splits)[0]
        yield (
            f"{_count(int(leaked.sum()), 'training picture')} nearly or exactly the same as one of validation or test "
            f"({_placed(seen, one)} and {_placed(seen, other)}): remove them, or let a study take them out of training "
            "(`dataset.duplicates=drop`)"
        )
    held = splits > 0
    between = seen.twins.differing(np.where(held, splits, 1)) & (splits == 1)
    if between.any():
        yield (
            f"{_count(int(between.sum()), 'validation picture')} nearly or exactly the same as one of test, and steps "
            "are chosen by validation: remove them from one of the two"
        )


def _broken_groups(seen: Inspected) -> Iterator[str]:
    broken = seen.broken_groups()
    if broken:
        name = seen.manifest.groups[broken[0]]
        yield (
            f"{len(broken)} of {len(seen.manifest.groups)} groups have pictures in more than one split, '{name}' among "
            "them: move each to one side, or leave splits out (`split_column=none`) to have them drawn by group"
        )


def _empty(seen: Inspected) -> Iterator[str]:
    classes = _classes(seen)
    if "class" in seen.targets and len(classes) == 1:
        yield f"all pictures are of the one class '{classes[0][0]}', so that there is nothing to tell apart: add others"
    empty = [name for name, row in classes if not row[0]] if {"class", "semantic"} & set(seen.targets) else []
    if empty:
        more = f" and {len(empty) - FEW} more classes" if len(empty) > FEW else ""
        names = ", ".join(f"'{name}'" for name in empty[:FEW])
        yield f"no training picture is of class {names}{more}: add some, or remove the class"
    for number, split in enumerate(SPLITS):
        if not (seen.splits == number).any():
            yield f"no picture is in {split}: add some, or leave splits out to have them drawn"


def _repeated(seen: Inspected) -> Iterator[str]:
    twins = seen.twins
    if twins.identical or twins.near:
        yield f"of pictures that repeat another, {twins.identical} do so exactly and {twins.near} nearly"
    other = twins.differing(seen.observed.labels)
    if other.any():
        one, two = seen.pairs(other, seen.observed.labels)[0]
        yield (
            f"{_count(int(other.sum()), 'picture')} nearly or exactly the same as one of another class "
            f"({seen.name(one)} and {seen.name(two)}): labels may be wrong"
        )


def _imbalance(seen: Inspected) -> Iterator[str]:
    skew = _skew(seen)
    if skew and skew >= SKEWED:
        present = sorted((row[0], name) for name, row in _classes(seen) if row[0])
        (fewest, rare), (most, common) = present[0], present[-1]
        counts = f"class '{common}' has {most} training pictures and '{rare}' {fewest}"
        yield f"{counts}: accuracy tells little of rare classes"


def _placed(seen: Inspected, place: int) -> str:
    return f"{seen.name(place)} in {SPLITS[seen.splits[place]]}"


def _count(number: int, what: str) -> str:
    return f"{number} {what} is" if number == 1 else f"{number} {what}s are"
