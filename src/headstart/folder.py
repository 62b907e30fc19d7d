"""The dataset folder: ``dataset.json`` and ``shard-00000.safetensors`` …, each written whole or not at all.

Manifests are read without torch, which only shards need.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from safetensors import SafetensorError

from headstart.errors import ConfigError, DataError
from headstart.files import write_atomic
from headstart.schema import Schema, validate

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "FORMAT",
    "IMPORTED",
    "MANIFEST",
    "MOST_CHANNELS",
    "PIXEL_TARGETS",
    "SPLITS",
    "UNLABELLED_FOLDER",
    "Manifest",
    "ShardInfo",
    "holds_dataset",
    "read_folder",
    "read_manifest",
    "read_shard",
    "shard_path",
    "write_manifest",
    "write_shard",
]

FORMAT = 1
IMPORTED = "imported"
"""The engine of datasets that nothing of ours drew."""
SPLITS = ("train", "val", "test")
"""By number, as ``split`` in a shard has it."""
UNLABELLED_FOLDER = "unlabelled"
"""A dataset folder in a dataset folder: images that came with the others, and without labels."""
PIXEL_TARGETS = ("semantic", "instance", "depth")
"""Annotations with a value per pixel."""
MOST_CHANNELS = 16
PixelType = Literal["uint8", "uint16", "float32"]
MANIFEST = "dataset.json"
REMAKE = "delete it and run the same render command again; finished shards are kept"
RESTART = "delete its folder and run the same render command again"


class ShardInfo(Schema):
    """One shard. file: its name in the folder. images: how many it holds. sha256: of the whole file, in hex."""

    file: str = Field(pattern=r"^shard-\d{5,}\.safetensors$")
    images: int
    sha256: str


class Manifest(Schema):
    """What ``dataset.json`` says.

    made_by: the resolved configuration, everything needed to make the images again. ingredients: what else could have
    made them come out differently: versions of code, fingerprints of folders. engine: who drew them.
    resolution: pixels per side. channels, dtype: of the images, as they came. classes: names by class number. groups:
    names of what images belong to, a patient or scene, by the number that target ``group`` has. counts:
    images per split, once finished. normalisation: per color space ("lab", "rgb"), ``mean`` and ``std`` per channel
    over the training split.
    """

    format: int = FORMAT
    name: str
    created_by: str
    made_by: dict[str, Any]
    ingredients: dict[str, Any] = {}
    seed: int
    engine: str
    resolution: int
    channels: int = Field(ge=1, le=MOST_CHANNELS)
    dtype: PixelType = "uint8"
    classes: tuple[str, ...]
    groups: tuple[str, ...] = ()
    counts: dict[str, int]
    shards: tuple[ShardInfo, ...]
    normalisation: dict[str, dict[str, tuple[float, ...]]] = {}

    @model_validator(mode="after")
    def _check_normalisation(self) -> Self:
        for space, values in self.normalisation.items():
            sizes = {name: len(numbers) for name, numbers in values.items()}
            if sizes != {"mean": self.channels, "std": self.channels}:
                raise ValueError(f"normalisation.{space} has no mean and std for each of {self.channels} channels")
            if not min(values["std"]) > 0:
                raise ValueError(f"normalisation.{space}.std is {min(values['std'])}: it must be above 0")
        return self

    @property
    def images(self) -> int:
        """Images that the finished dataset holds."""
        return sum(self.counts.values())

    @property
    def rendered(self) -> int:
        """Images in the shards written so far."""
        return sum(shard.images for shard in self.shards)


def shard_path(folder: Path, index: int) -> Path:
    """Where shard ``index`` of a dataset lies."""
    return folder / f"shard-{index:05d}.safetensors"


def holds_dataset(folder: Path) -> bool:
    """Whether there is a dataset, finished or not, in ``folder``."""
    return (folder / MANIFEST).exists()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``folder/dataset.json``."""
    text = json.dumps(manifest.model_dump(mode="json"), indent=1, sort_keys=True)
    write_atomic(folder / MANIFEST, f"{text}\n".encode())


def read_manifest(folder: Path, *, unfinished: bool = False) -> Manifest:
    """The manifest of a dataset folder. Raises ``DataError`` if it has none, a damaged one, or one of a newer format.

    unfinished: accept a dataset of which some shards are still to be rendered.
    """
    path = folder / MANIFEST
    try:
        values = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise DataError(
            f"{folder} is not a dataset folder (no {MANIFEST} in it): name one made by `headstart render`"
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}): {RESTART}") from error
    manifest = _checked(values, path)
    if manifest.rendered < manifest.images and not unfinished:
        raise DataError(
            f"{folder} is unfinished ({manifest.rendered} of {manifest.images} images): "
            "run the same render command again; finished shards are kept"
        )
    return manifest


def write_shard(
    folder: Path, index: int, tensors: Mapping[str, "Tensor | NDArray[Any]"], *, sync: bool = True
) -> ShardInfo:
    """Write shard ``index``: tensors or arrays of equal length, ``images`` ``[n, C, H, W]`` among them.

    sync: as of ``write_atomic``.
    """
    from safetensors.numpy import save

    images = len(tensors["images"])
    assert all(len(values) == images for values in tensors.values()), "every tensor has one row per image"
    path = shard_path(folder, index)
    data = save({name: np.ascontiguousarray(values) for name, values in sorted(tensors.items())})
    write_atomic(path, data, sync=sync)
    return ShardInfo(file=path.name, images=images, sha256=hashlib.sha256(data).hexdigest())


def read_shard(path: Path, info: ShardInfo | None = None) -> dict[str, "Tensor"]:
    """The tensors of one shard; with ``info``, checked against its SHA-256 and count.

    Raises ``DataError`` if the file is missing, truncated or altered.
    """
    from safetensors.torch import load

    try:
        data = path.read_bytes()
        if info and hashlib.sha256(data).hexdigest() != info.sha256:
            raise DataError(f"{path} is damaged ({len(data)} bytes, wrong SHA-256): {REMAKE}")
        tensors = load(data)
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing: run the same render command again; finished shards are kept") from error
    except (OSError, SafetensorError) as error:
        raise DataError(f"{path} cannot be read ({error}): {REMAKE}") from error
    if info and len(tensors.get("images", ())) != info.images:
        raise DataError(f"{path} does not hold the {info.images} images that {MANIFEST} names: {REMAKE}")
    return tensors


def read_folder(folder: Path) -> tuple[Manifest, dict[str, "Tensor"]]:
    """A finished dataset, verified: its manifest and its tensors, shard after shard.

    ``images`` uint8, uint16 or float32 ``[n, C, H, W]`` (sRGB, where C is 3) · ``split`` uint8 ``[n]``: 0 train, 1 val,
    2 test · ``target.class`` int64 ``[n]`` · ``target.pose`` int64 ``[n]`` · ``target.rotation`` float32 ``[n, 3, 3]``.
    """
    import torch

    manifest = read_manifest(folder)
    shards = [read_shard(folder / info.file, info) for info in manifest.shards]
    for info, shard in zip(manifest.shards, shards, strict=True):
        if different := shards[0].keys() ^ shard.keys():
            raise DataError(
                f"{folder / info.file} and {manifest.shards[0].file} do not hold the same annotations "
                f"({', '.join(sorted(different))}): give every shard the same"
            )
    return manifest, {name: torch.cat([shard[name] for shard in shards]) for name in shards[0]}


def _checked(values: Any, path: Path) -> Manifest:
    if not isinstance(values, dict):
        raise DataError(f"{path} does not describe a dataset: {RESTART}")
    version = values.get("format")
    if isinstance(version, int) and version > FORMAT:
        raise DataError(f"{path} has format {version}, this headstart reads up to {FORMAT}: install a newer headstart")
    try:
        return validate(Manifest, values, str(path))
    except ConfigError as error:
        raise DataError(f"{error}; {RESTART}") from error
