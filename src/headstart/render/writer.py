"""Renders a dataset folder: resumable, by one process per core, the same bytes however it is done."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from headstart.errors import DataError, StoreError
from headstart.files import PARTIAL
from headstart.folder import (
    Manifest,
    ShardInfo,
    holds_dataset,
    read_manifest,
    read_shard,
    shard_path,
    write_manifest,
    write_shard,
)
from headstart.processes import available_cores, in_order
from headstart.render import ENGINES
from headstart.render.annotations import annotations
from headstart.render.config import RenderConfig
from headstart.render.engine import ENGINE_TARGETS, Engine
from headstart.render.preload import read_models
from headstart.scenes.buckets import split_counts, split_of

__all__ = ["RenderConfig", "render_dataset"]

CHUNK = 50
"""Images per call of an engine and per message of a worker; it bounds memory and does not change the result."""
Arrays = dict[str, NDArray[Any]]


class Chunk(NamedTuple):
    """Scenes ``start`` to ``stop`` of a dataset, all in one shard."""

    shard: int
    start: int
    stop: int


def render_dataset(
    out: Path,
    config: RenderConfig,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Manifest:
    """Render what is missing of a dataset into the folder ``out`` and return its manifest.

    Shards that are finished and whole are kept. The files are the same, byte for byte, whatever the number of workers
    and however often the work was interrupted. workers: processes, by default one per core. progress: called with
    (done, total) images. Raises ``StoreError`` if ``out`` holds another dataset, is in use, or cannot be written.
    """
    with _sole_use(out):
        manifest = _begin(out, config)
        finished = {info.file: info for info in manifest.shards if _is_whole(out, info)}
        chunks = [chunk for chunk in _chunks(config) if shard_path(out, chunk.shard).name not in finished]
        done = sum(info.images for info in finished.values())
        workers = workers or available_cores()
        if chunks:
            read_models(config, workers)
        alone = ENGINES[config.engine].own_parallelism
        workers = 1 if alone else min(workers, len(chunks)) or 1
        rendered = zip(chunks, in_order(partial(_render_chunk, config), chunks, workers), strict=True)
        for shard, parts in groupby(rendered, key=lambda pair: pair[0].shard):
            arrays = []
            for chunk, part in parts:
                arrays.append(part)
                done += chunk.stop - chunk.start
                if progress:
                    progress(done, config.images)
            info = write_shard(out, shard, _joined(arrays))
            finished[info.file] = info
            manifest = manifest.model_copy(update={"shards": tuple(finished[file] for file in sorted(finished))})
            write_manifest(out, manifest)
    return manifest


@contextmanager
def _sole_use(out: Path) -> Iterator[None]:
    """Keep other renderers out of the folder, and clear away what a killed one left half-written."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with FileLock(out / ".lock", timeout=0):
            for leftover in out.glob(f".*{PARTIAL}"):
                leftover.unlink()
            yield
    except Timeout as error:
        raise StoreError(f"another process is rendering into {out}: wait for it, or name another folder") from error
    except OSError as error:
        raise StoreError(f"{out} cannot be written ({error.strerror}): name a folder that you may write to") from error


def _begin(out: Path, config: RenderConfig) -> Manifest:
    """The manifest of what ``out`` holds so far; a folder that holds another dataset is refused."""
    wanted = Manifest(
        name=config.title,
        created_by=f"headstart {version('headstart')}",
        made_by=config.resolved(),
        ingredients=config.ingredients(),
        seed=config.seed,
        engine=config.engine,
        resolution=config.resolution,
        channels=3,
        classes=config.classes,
        counts=split_counts(config.images),
        shards=(),
    )
    if not holds_dataset(out):
        write_manifest(out, wanted)
        return wanted
    manifest = read_manifest(out, unfinished=True)
    _refuse_other(out, manifest.made_by, wanted.made_by)
    _refuse_other(out, manifest.ingredients, wanted.ingredients)
    return manifest


def _refuse_other(out: Path, existing: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for key in sorted({*existing, *wanted}):
        if existing.get(key) != wanted.get(key):
            raise StoreError(
                f"{out} holds another dataset: its {key} is {existing.get(key)!r}, not {wanted.get(key)!r}; "
                "name another folder or delete this one"
            )


def _is_whole(out: Path, info: ShardInfo) -> bool:
    try:
        read_shard(out / info.file, info)
    except DataError:
        return False
    return True


def _chunks(config: RenderConfig) -> list[Chunk]:
    """The dataset cut into shards, and every shard into chunks."""
    starts = range(0, config.images, config.shard_size)
    return [
        Chunk(shard, start, min(start + CHUNK, first + config.shard_size, config.images))
        for shard, first in enumerate(starts)
        for start in range(first, min(first + config.shard_size, config.images), CHUNK)
    ]


def _render_chunk(config: RenderConfig, chunk: Chunk) -> Arrays:
    """One chunk as arrays, which travel between processes more simply than tensors do."""
    sampler = config.sampler()
    indices = range(chunk.start, chunk.stop)
    scenes = [sampler.scene(index) for index in indices]
    engine = _engine(config.model_dump_json())
    seen = ENGINE_TARGETS if set(config.kept_targets) & {"semantic", *ENGINE_TARGETS} else ()
    frames = engine.render(scenes, config.resolution, samples=config.samples, targets=seen)
    known = annotations(scenes, frames, config.classes)
    return {
        "images": frames.images.cpu().numpy(),
        "split": np.array([split_of(index) for index in indices], dtype=np.uint8),
        **{f"target.{name}": known[name] for name in config.kept_targets},
    }


@lru_cache(maxsize=1)
def _engine(config: str) -> Engine:
    """This process's engine for a configuration (as JSON), kept for the meshes and textures it has made."""
    return RenderConfig.model_validate_json(config).build_engine()


def _joined(parts: list[Arrays]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(np.concatenate([part[name] for part in parts])) for name in parts[0]}
