"""The dataset folder: ``dataset.json`` beside shards of tensors, each file written whole."""

import hashlib
import os
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from headstart.errors import DataError, StoreError
from headstart.schema import Schema

__all__ = [
    "MANIFEST",
    "Manifest",
    "ShardInfo",
    "read_folder",
    "read_manifest",
    "read_shard",
    "write_atomic",
    "write_manifest",
    "write_shard",
]

MANIFEST, FORMAT = "dataset.json", 1


class ShardInfo(Schema):
    """One file of a dataset: its name, how many images it holds, the SHA-256 of its bytes."""

    file: str
    images: int
    sha256: str


class Manifest(Schema):
    """What ``dataset.json`` holds.

    made_by: the configuration that makes the same dataset again. counts: images per split. classes: names by number.
    normalisation: ``lab`` and ``rgb``, each with ``mean`` and ``std`` per channel of the training split.
    """

    format: int = FORMAT
    name: str
    created_by: str
    made_by: dict[str, Any]
    seed: int
    engine: str
    resolution: int
    channels: int
    classes: tuple[str, ...]
    counts: dict[str, int]
    shards: tuple[ShardInfo, ...]
    normalisation: dict[str, dict[str, tuple[float, ...]]] = {}


def write_atomic(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` whole or not at all, and make it last. Raises ``StoreError`` where it cannot."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(f"{path} cannot be written ({error.strerror}): free space there or name another folder") from error


def shard_name(index: int) -> str:
    """``shard-00000.safetensors`` for 0."""
    return f"shard-{index:05d}.safetensors"


def write_shard(folder: Path, index: int, tensors: dict[str, Tensor]) -> ShardInfo:
    """Write one shard; ``tensors`` hold ``images`` uint8 ``[n, C, H, W]``, ``split`` uint8 ``[n]``, ``target.NAME``."""
    data = save(tensors)
    write_atomic(folder / shard_name(index), data)
    return ShardInfo(file=shard_name(index), images=len(tensors["images"]), sha256=hashlib.sha256(data).hexdigest())


def read_shard(path: Path, info: ShardInfo | None = None) -> dict[str, Tensor]:
    """The tensors of one shard, checked against ``info``. Raises ``DataError`` for a missing, cut or changed file."""
    mend = "delete it and run the same render command again; finished shards are kept"
    try:
        data = path.read_bytes()
        if info and hashlib.sha256(data).hexdigest() != info.sha256:
            raise DataError(f"{path} is damaged (its checksum is not the one in {MANIFEST}): {mend}")
        return load(data)
    except (OSError, SafetensorError) as error:
        raise DataError(f"{path} cannot be read ({error}): {mend}") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``dataset.json``."""
    write_atomic(folder / MANIFEST, manifest.model_dump_json(indent=1).encode())


def read_manifest(folder: Path) -> Manifest:
    """Read ``dataset.json``. Raises ``DataError`` where there is none, or one this version cannot read."""
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError:
        raise DataError(f"{folder} is no dataset folder ({MANIFEST} is missing): make one with `headstart render`") from None
    except ValidationError as error:
        raise DataError(f"{path} cannot be read ({error.errors()[0]['msg']}): make the dataset again") from None
    if manifest.format > FORMAT:
        raise DataError(f"{path} has format {manifest.format}, newer than {FORMAT}: update headstart to read it")
    return manifest


def read_folder(folder: Path) -> tuple[Manifest, dict[str, Tensor]]:
    """The manifest and all shards' tensors, joined and checked."""
    manifest = read_manifest(folder)
    shards = [read_shard(folder / info.file, info) for info in manifest.shards]
    return manifest, {name: torch.cat([shard[name] for shard in shards]) for name in shards[0]}
