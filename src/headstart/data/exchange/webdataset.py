"""WebDataset shards: tar files ``train-000000.tar`` …, whose members of one name up to the first dot are one image.

Written: ``00000012.png`` (``.npy`` where PNG cannot hold the images), ``.json`` (index, class by name, pose, rotation),
``.cls`` (class number), ``.semantic.png``, ``.instance.png`` and ``.depth.npy``. Read: these, and from elsewhere a
picture (png, jpg, jpeg, webp, npy) with ``.cls``. Only these endings are ever decoded, by code below; pickles and the
like are passed over.
"""

import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.arrays import read_npy
from headstart.data.exchange.base import (
    TARGETS,
    Arrays,
    Format,
    Reader,
    ReadOptions,
    new_manifest,
)
from headstart.data.exchange.kinds import UNREADABLE, survey
from headstart.data.exchange.pictures import decode, fitted
from headstart.data.exchange.provenance import Provenance, read_provenance
from headstart.data.exchange.splits import SPLIT_WORDS, UNKNOWN, complete_splits
from headstart.data.exchange.webdataset_write import ENDINGS, write_webdataset
from headstart.errors import DataError
from headstart.folder import PIXEL_TARGETS

__all__ = ["WEBDATASET"]

IMAGES = ("png", "jpg", "jpeg", "webp", "npy")
MEMBERS = (*IMAGES, "json", "cls", "semantic.png", "instance.png", "depth.npy")
"""Endings that are read."""


class Member(NamedTuple):
    """Where a member's bytes lie. tar: number of the file."""

    tar: int
    start: int
    size: int


@dataclass
class Sample:
    """key: name in its tar, after that tar's name. split: 0, 1, 2 or ``UNKNOWN``. members: by ending."""

    key: str
    split: int
    members: dict[str, Member] = field(default_factory=dict)


@dataclass
class WebDatasetReader(Reader):
    """Samples in tar files, each member read where it lies. exact: written by us, pictures are taken as they are."""

    tars: list[Path]
    samples: list[Sample]
    exact: bool

    def read(self, start: int, stop: int) -> Arrays:
        rows = [self._row(sample) for sample in self.samples[start:stop]]
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]}

    def _row(self, sample: Sample) -> Arrays:
        row = {"images": self._decoded(sample, _image_ending(sample), self._picture, self.shape, self.blank())}
        metadata = self._decoded(sample, "json", lambda data, _: json.loads(data), (), {}) if self.exact else {}
        for name in self.targets:
            row[f"target.{name}"] = self._target(name, sample, metadata)
        return row

    def _picture(self, data: bytes, shape: tuple[int, ...]) -> NDArray[Any]:
        return decode(data, shape, self.manifest.dtype) if self.exact else fitted(data, shape[-1], self.kind)

    def _target(self, name: str, sample: Sample, metadata: Mapping[str, Any]) -> NDArray[Any]:
        plane = (self.manifest.resolution, self.manifest.resolution)
        zeros = np.zeros(plane, dtype=TARGETS[name])
        if name == "class":
            return np.array(self._decoded(sample, "cls", lambda data, _: int(data), (), 0), dtype=np.int64)
        if name in PIXEL_TARGETS:
            how, instead = (_depth, zeros + 1) if name == "depth" else (decode, zeros)
            values: NDArray[Any] = self._decoded(sample, ENDINGS[name], how, plane, instead)
            return values
        if name not in metadata:
            self.unreadable.append(f"{sample.key}.json (no '{name}')")
        default = np.eye(3) if name == "rotation" else 0
        return np.array(metadata.get(name, default), dtype=TARGETS[name])

    def _decoded(
        self, sample: Sample, ending: str, how: Callable[[bytes, tuple[int, ...]], Any], shape: Any, instead: Any
    ) -> Any:
        """A member, decoded; ``instead`` and a note in ``unreadable`` if there is none or it is damaged."""
        try:
            return how(_bytes(self.tars, sample.members[ending]), shape)
        except (*UNREADABLE, KeyError):
            self.unreadable.append(f"{sample.key}.{ending}")
            return instead


def read_webdataset(path: Path, options: ReadOptions) -> Reader:
    """A reader of a folder of tar files, or of one. Raises ``DataError`` if there are none, or one is damaged."""
    tars = sorted(path.glob("*.tar")) if path.is_dir() else [path]
    if not tars:
        raise DataError(f"{path} holds no tar files: name a folder that does")
    everything = [sample for number, tar in enumerate(tars) for sample in _samples(tar, number)]
    samples = [sample for sample in everything if any(ending in sample.members for ending in IMAGES)]
    if not samples:
        raise DataError(f"{path} holds no samples with a picture ({', '.join(IMAGES)}): name WebDataset shards that do")
    provenance = read_provenance(path)
    return _exported(provenance, tars, samples) if provenance else _foreign(path, tars, samples, options)


def _exported(provenance: Provenance, tars: list[Path], samples: list[Sample]) -> WebDatasetReader:
    samples = sorted(samples, key=lambda sample: sample.key.rpartition("/")[2])
    splits = np.array([sample.split for sample in samples]).astype(np.uint8)
    return WebDatasetReader(provenance.dataset, splits, provenance.targets, tars, samples, True)


def _foreign(path: Path, tars: list[Path], samples: list[Sample], options: ReadOptions) -> WebDatasetReader:
    labelled = [sample for sample in samples if "cls" in sample.members]
    if labelled and len(labelled) < len(samples):
        bare = next(sample for sample in samples if "cls" not in sample.members)
        raise DataError(f"{path}: sample {bare.key} has no class (.cls), and others have: label or remove it")
    try:
        labels = {int(_bytes(tars, sample.members["cls"])) for sample in labelled}
    except ValueError as error:
        raise DataError(f"{path}: a .cls member is no class number ({error}): write numbers from 0 on") from error
    if labels and min(labels) < 0:
        raise DataError(f"{path}: a .cls member is {min(labels)}: class numbers start at 0")
    given = [sample.split for sample in samples]
    splits = complete_splits(given, [sample.key for sample in samples], options.seed)
    side, kind = survey(_pictures(tars, samples), options.resolution)
    made_by = {"imported": "webdataset", "resolution": side, "seed": options.seed}
    classes = [str(number) for number in range(max(labels) + 1)] if labels else []
    manifest = new_manifest(path.resolve().stem, made_by, kind, classes, splits)
    return WebDatasetReader(manifest, splits, ("class",) if labels else (), tars, samples, False)


def _samples(path: Path, number: int) -> Iterator[Sample]:
    """What one tar file holds, from its headers."""
    word = path.stem.partition("-")[0].lower()
    samples: dict[str, Sample] = {}
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                folder, _, name = member.name.rpartition("/")
                key, _, ending = name.partition(".")
                if not member.isreg() or ending.lower() not in MEMBERS:
                    continue
                key = "/".join(part for part in (path.name, folder, key) if part)
                sample = samples.setdefault(key, Sample(key, SPLIT_WORDS.get(word, UNKNOWN)))
                sample.members[ending.lower()] = Member(number, member.offset_data, member.size)
    except (OSError, tarfile.TarError) as error:
        raise DataError(f"{path} is no whole uncompressed tar file ({error}): make it again") from error
    yield from samples.values()


def _depth(data: bytes, shape: tuple[int, ...]) -> NDArray[Any]:
    return read_npy(data, shape, np.float16)


def _pictures(tars: list[Path], samples: list[Sample]) -> Iterator[tuple[str, bytes]]:
    for sample in samples:
        ending = _image_ending(sample)
        yield f"{sample.key}.{ending}", _bytes(tars, sample.members[ending])


def _image_ending(sample: Sample) -> str:
    return next(ending for ending in IMAGES if ending in sample.members)


def _bytes(tars: list[Path], member: Member) -> bytes:
    with tars[member.tar].open("rb") as file:
        file.seek(member.start)
        data = file.read(member.size)
    if len(data) < member.size:
        raise ValueError("the tar file ends within it")
    return data


def _recognises(path: Path) -> bool:
    return any(path.glob("*.tar")) if path.is_dir() else path.suffix.lower() == ".tar"


WEBDATASET = Format(
    "webdataset",
    "WebDataset shards: tar files of PNG, JSON and NumPy members.",
    ReadOptions,
    write_webdataset,
    read_webdataset,
    _recognises,
)
