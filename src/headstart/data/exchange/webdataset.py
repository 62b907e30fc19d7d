"""WebDataset shards: tar files ``train-000000.tar`` …, whose members of one name are one image.

Written: ``00000012.png`` (``.npy`` where PNG cannot hold the images), ``.json`` (index, class by name, pose, rotation),
``.cls`` (class number), ``.semantic.png``, ``.instance.png`` and ``.depth.npy``. Read: these, and from elsewhere a
picture (png, jpg, jpeg, webp, npy) with ``.cls``; ``webdataset_index`` says what belongs together. Only these endings
are ever decoded, by code below; pickles and the like are passed over.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.account import Account
from headstart.data.exchange.arrays import read_npy
from headstart.data.exchange.base import Format, Reader, ReadOptions, new_manifest
from headstart.data.exchange.doubts import lone_classes
from headstart.data.exchange.kinds import UNREADABLE
from headstart.data.exchange.parallel import in_parallel
from headstart.data.exchange.parts import unlabelled_guess
from headstart.data.exchange.pictures import decode, fitted, stacked
from headstart.data.exchange.provenance import Provenance, read_provenance
from headstart.data.exchange.splits import UNKNOWN, UNLABELLED, complete_splits, drawn_splits, told_splits
from headstart.data.exchange.stored import TARGETS, Arrays
from headstart.data.exchange.survey import read_headers, shorter_sides, survey
from headstart.data.exchange.webdataset_index import IMAGES, Member, Sample, looks_like_shards, read_index, tar_files
from headstart.data.exchange.webdataset_write import ENDINGS, write_webdataset
from headstart.errors import DataError
from headstart.folder import PIXEL_TARGETS
from headstart.names import as_text

__all__ = ["WEBDATASET"]


@dataclass
class WebDatasetReader(Reader):
    """Samples in tar files, each member read where it lies. exact: written by us, pictures are taken as they are.
    numbers: of classes, by what ``.cls`` calls them; without, they are called by their numbers."""

    tars: list[Path]
    samples: list[Sample]
    exact: bool
    numbers: Mapping[int, int] | None = None

    def portion(self, start: int, stop: int) -> Reader:
        return replace(self, splits=self.splits[start:stop], samples=self.samples[start:stop])

    def sides(self, rows: Sequence[int]) -> list[int]:
        return (
            [] if self.exact else shorter_sides(read_headers(_pictures(self.tars, [self.samples[row] for row in rows])))
        )

    def read(self, start: int, stop: int) -> Arrays:
        rows = in_parallel(self._row, range(start, stop))
        return {name: stacked([row[name] for row in rows]) for name in rows[0]}

    def name_of(self, row: int) -> str:
        return f"{self.samples[row].key}.{self.samples[row].image}"

    def _row(self, row: int) -> Arrays:
        sample = self.samples[row]
        arrays = {"images": self._decoded(row, str(sample.image), self._picture, self.shape, self.blank())}
        metadata = self._decoded(row, "json", lambda data, _: json.loads(data), (), {}) if self.exact else {}
        for name in self.targets if sample.split != UNLABELLED else ():
            arrays[f"target.{name}"] = self._target(name, row, metadata)
        return arrays

    def _picture(self, data: bytes, shape: tuple[int, ...]) -> NDArray[Any]:
        return decode(data, shape, self.manifest.dtype) if self.exact else fitted(data, shape[-1], self.kind)

    def _class(self, data: bytes, shape: tuple[int, ...]) -> int:
        del shape
        return int(data) if self.numbers is None else self.numbers[int(data)]

    def _target(self, name: str, row: int, metadata: Mapping[str, Any]) -> NDArray[Any]:
        plane = (self.manifest.resolution, self.manifest.resolution)
        zeros = np.zeros(plane, dtype=TARGETS[name])
        if name == "class":
            return np.array(self._decoded(row, "cls", self._class, (), 0), dtype=np.int64)
        if name in PIXEL_TARGETS:
            how, instead = (_depth, zeros + 1) if name == "depth" else (decode, zeros)
            values: NDArray[Any] = self._decoded(row, ENDINGS[name], how, plane, instead)
            return values
        if name not in metadata:
            self.bad(row, f"{self.samples[row].key}.json", ValueError(f"no '{name}'"))
        default = np.eye(3) if name == "rotation" else 0
        return np.array(metadata.get(name, default), dtype=TARGETS[name])

    def _decoded(
        self, row: int, ending: str, how: Callable[[bytes, tuple[int, ...]], Any], shape: Any, instead: Any
    ) -> Any:
        """A member, decoded; ``instead`` and a note in ``unreadable`` if there is none or it is damaged."""
        sample = self.samples[row]
        try:
            return how(_bytes(self.tars, sample.members[ending]), shape)
        except (*UNREADABLE, KeyError) as error:
            self.bad(row, f"{sample.key}.{ending}", error)
            return instead


def read_webdataset(path: Path, options: ReadOptions) -> Reader:
    """A reader of a folder of tar files, in folders of splits or not, or of one tar file.

    Raises ``DataError`` if there are none, or one is damaged.
    """
    tars, account = tar_files(path), Account()
    if not tars:
        raise DataError(f"{path} holds no tar files: name a folder that does")
    everything = list(read_index(path, tars, account))
    passed_over = len(account.skipped)
    samples = [sample for sample in everything if sample.image]
    if not samples:
        raise DataError(f"{path} holds no samples with a picture ({', '.join(IMAGES)}): name WebDataset shards that do")
    for sample in everything:
        if not sample.image:
            _skip(sample, sample.members, "no picture beside it", account)
    provenance = read_provenance(path)
    reader = _exported(provenance, tars, samples) if provenance else _foreign(path, tars, samples, options, account)
    account.used = sum(len(sample.members) for sample in everything) - len(account.skipped) + passed_over
    reader.account = account
    return reader


def _skip(sample: Sample, endings: Iterable[str], reason: str, account: Account) -> None:
    for ending in endings:
        account.skip(f"{sample.tar}/{as_text(sample.members[ending].name)}", reason)


def _exported(provenance: Provenance, tars: list[Path], samples: list[Sample]) -> WebDatasetReader:
    samples = sorted(samples, key=lambda sample: sample.key.rpartition("/")[2])
    lost = next((sample for sample in samples if sample.split == UNKNOWN), None)
    if lost:
        raise DataError(
            f"the tar file of {lost.key} tells no split in its name: call it as the export did, train-000000"
        )
    splits = np.array([sample.split for sample in samples]).astype(np.uint8)
    return WebDatasetReader(provenance.dataset, splits, provenance.targets, tars, samples, True)


def _foreign(
    path: Path, tars: list[Path], samples: list[Sample], options: ReadOptions, account: Account
) -> WebDatasetReader:
    labels = _labels(path, tars, samples)
    numbers = {label: number for number, label in enumerate(sorted(set(labels)))}
    splits = complete_splits([sample.split for sample in samples], [sample.key for sample in samples], options.seed)
    _tell(samples, bool(numbers), account)
    account.notes += [f"{path}: {doubt}" for doubt in lone_classes([*map(str, labels)], splits[splits != UNLABELLED])]
    side, kind = survey(read_headers(_pictures(tars, samples)), options.resolution, account)
    made_by = {"imported": "webdataset", "resolution": side, "seed": options.seed}
    manifest = new_manifest(path.resolve().stem, made_by, kind, [str(label) for label in numbers], splits)
    return WebDatasetReader(manifest, splits, ("class",) if numbers else (), tars, samples, False, numbers)


def _labels(path: Path, tars: list[Path], samples: list[Sample]) -> list[int]:
    """What ``.cls`` calls the class of each sample with labels: numbers from 0 on, or numbers that others gave them."""
    asked = [sample for sample in samples if sample.split != UNLABELLED]
    labelled = [sample for sample in asked if "cls" in sample.members]
    if labelled and len(labelled) < len(asked):
        bare = next(sample for sample in asked if "cls" not in sample.members)
        raise DataError(f"{path}: sample {bare.key} has no class (.cls), and others have: label or remove it")
    try:
        labels = [int(_bytes(tars, sample.members["cls"])) for sample in labelled]
    except ValueError as error:
        raise DataError(f"{path}: a .cls member is no class number ({error}): write numbers from 0 on") from error
    if labels and min(labels) < 0:
        raise DataError(f"{path}: a .cls member is {min(labels)}: class numbers start at 0")
    return labels


def _tell(samples: list[Sample], labelled: bool, account: Account) -> None:
    """What is left out of samples that others wrote, and where their splits come from."""
    for sample in samples:
        kept = {sample.image, "cls"}
        left = [ending for ending in sample.members if ending not in kept]
        _skip(sample, left, "beside the picture and class of its sample", account)
    given = [sample.split for sample in samples]
    account.guesses += [*told_splits(given, "the names of tar files or folders"), *drawn_splits(given)]
    account.guesses += unlabelled_guess(given.count(UNLABELLED), "the names of tar files or folders")
    if labelled:
        account.guess("class", "the numbers that occur in .cls", "nothing names them")


def _depth(data: bytes, shape: tuple[int, ...]) -> NDArray[Any]:
    return read_npy(data, shape, np.float16)


def _pictures(tars: list[Path], samples: Sequence[Sample]) -> Iterator[tuple[str, bytes]]:
    for sample in samples:
        ending = str(sample.image)
        yield f"{sample.key}.{ending}", _bytes(tars, sample.members[ending])


def _bytes(tars: list[Path], member: Member) -> bytes:
    with tars[member.tar].open("rb") as file:
        file.seek(member.start)
        data = file.read(member.size)
    if len(data) < member.size:
        raise ValueError("the tar file ends within it")
    return data


WEBDATASET = Format(
    "webdataset",
    "WebDataset shards: tar files of PNG, JSON and NumPy members.",
    ReadOptions,
    write_webdataset,
    read_webdataset,
    looks_like_shards,
)
