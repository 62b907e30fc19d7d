"""What there is to know of pictures before a study is made of them, whatever format they are in."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange import FORMATS
from headstart.data.exchange.account import Account
from headstart.data.exchange.base import Bad, Reader
from headstart.data.exchange.kinds import Kind
from headstart.data.exchange.parts import labelled
from headstart.data.exchange.transfer import Listener, guess_format, open_reader
from headstart.data.viewing.likeness import Twins
from headstart.data.viewing.observe import Observed
from headstart.errors import ConfigError
from headstart.folder import Manifest, holds_dataset, read_manifest
from headstart.registry import lookup

__all__ = ["DATASET", "Inspected", "inspect"]

DATASET = "dataset folder"
SIDE = 64
"""Pixels a side at which pictures are looked at, where their format scales them: all of each, out of proportion."""
ROWS, BYTES = 256, 2**26
"""The most pictures, and about the most bytes of them, that are in memory at once."""


@dataclass(frozen=True)
class Inspected:
    """form: name of the format. names: of rows. sizes: pictures by (width, height). damage: what is wrong with files of
    a dataset folder, in sentences."""

    path: Path
    form: str
    manifest: Manifest
    targets: tuple[str, ...]
    observed: Observed
    account: Account
    names: Callable[[int], str]
    sizes: Mapping[tuple[int, int], int]
    bad: Sequence[Bad] = ()
    damage: Sequence[str] = ()

    @property
    def kind(self) -> Kind:
        return Kind(self.manifest.channels, self.manifest.dtype)

    @cached_property
    def splits(self) -> NDArray[np.uint8]:
        """Of every picture that can be read."""
        return self.observed.splits.astype(np.uint8)

    @cached_property
    def twins(self) -> Twins:
        """Which of them are alike."""
        return self.observed.likeness.twins()

    def name(self, place: int) -> str:
        """What the ``place``-th picture that can be read is called."""
        return self.names(int(self.observed.rows[place]))

    def pairs(self, which: NDArray[np.bool_], values: NDArray[Any]) -> list[tuple[int, int]]:
        """The first picture of each family in ``which`` with the first that differs from it in ``values``."""
        found: dict[int, tuple[int, int]] = {}
        family = self.twins.family
        for place in np.flatnonzero(which).tolist():
            first = int(family[place])
            if first not in found and values[place] != values[first]:
                found[first] = (first, place)
        return list(found.values())

    def broken_groups(self) -> list[int]:
        """Numbers of groups with pictures in more than one split."""
        seen: dict[int, set[int]] = {}
        for group, split in np.unique(np.stack([self.observed.groups, self.splits], axis=1), axis=0).tolist():
            seen.setdefault(group, set()).add(split)
        return [group for group, splits in seen.items() if group >= 0 and len(splits) > 1]


def inspect(
    path: Path, form: str | None = None, options: Mapping[str, Any] | None = None, progress: Listener | None = None
) -> Inspected:
    """Read all that an import of ``path`` would read, unlabelled pictures aside, and write nothing.

    form, options: as ``import_folder`` takes them. progress: called with (done, total) images. Raises ``ConfigError``
    for options of a dataset folder, which takes none, and ``DataError`` for what no import could read; pictures that
    are broken, one by one, are told in ``bad``.

    >>> inspect(Path("photos")).twins.identical  # doctest: +SKIP
    """
    path = path.expanduser()
    if form is None and holds_dataset(path):
        if options:
            raise ConfigError(f"{path} is a dataset folder, which is taken as it is: leave out {', '.join(options)}")
        return _dataset_folder(path, progress)
    form = form or guess_format(path)
    reader = labelled(open_reader(path, form, _at_a_small_size(form, options or {})))
    observed = Observed(len(reader.manifest.classes))
    rows = max(1, min(ROWS, BYTES // reader.blank().nbytes))
    for start in range(0, len(reader), rows):
        stop = min(start + rows, len(reader))
        arrays = dict(reader.read(start, stop))
        lost = {bad.row for bad in reader.unreadable}
        kept = np.array([row for row in range(start, stop) if row not in lost], dtype=np.int64)
        arrays["split"] = reader.splits[start:stop]
        if len(kept):
            observed.add({name: values[kept - start] for name, values in arrays.items()}, kept)
        if progress:
            progress(stop, len(reader))
    return Inspected(
        *(path, form, reader.manifest, reader.targets, observed, reader.account, reader.name_of),
        sizes=_sizes(reader),
        bad=sorted(reader.unreadable),
    )


def _at_a_small_size(form: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """``options``, and what makes pictures of any size small squares of all that they show, where the format can."""
    kind = lookup(FORMATS, "format", form)
    small = {"resolution": SIDE, "fit": "stretch"} if kind.scales else {}
    given = {key: value for key, value in options.items() if value is not None}
    return {key: value for key, value in small.items() if key in kind.options.model_fields} | given


def _sizes(reader: Reader) -> Mapping[tuple[int, int], int]:
    side = reader.manifest.resolution
    return reader.account.sizes or Counter({(side, side): len(reader)})


def _dataset_folder(folder: Path, progress: Listener | None) -> Inspected:
    from headstart.data.viewing.check import check_folder

    manifest = read_manifest(folder, unfinished=True)
    observed, seen = Observed(len(manifest.classes)), 0

    def look(tensors: Mapping[str, Any]) -> None:
        nonlocal seen
        arrays = {name: values.numpy() for name, values in tensors.items()}
        observed.add(arrays, np.arange(seen, seen + len(arrays["split"])))
        seen += len(arrays["split"])
        if progress:
            progress(seen, manifest.images)

    checked = check_folder(folder, look)
    return Inspected(
        *(folder, DATASET, manifest, checked.targets, observed, Account(used=len(manifest.shards)), "image {}".format),
        sizes=Counter({(manifest.resolution, manifest.resolution): seen}),
        damage=[finding for _, finding in checked.findings],
    )
