"""The job that all others start from: images, made ready once for every process."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from headstart.data.sources import Source
from headstart.files import write_atomic
from headstart.study.jobs.base import Job, Needs, RunContext

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from headstart.data.dataset import Dataset, ImageSet
    from headstart.data.transforms.input import ImageInput

__all__ = ["SAMPLES", "DatasetJob", "open_dataset"]

MADE, SAMPLES, ABOUT, DUPLICATES = "made", "samples.safetensors", "about.json", "duplicates.json"
"""``samples.safetensors``: what a report shows, raw, with all targets.

``duplicates.json``: how many training images validation or test has, too, and whether they were taken out.

``train.images``, ``train.target.NAME``: training images, the classes taking turns. ``test.images``,
``test.target.NAME``: the test images whose predicted maps are kept, and ``test.rows``, which of the split they are.
"""
SHOWN_TRAINING = 20
"""Training images that a report shows."""
DEVICE_SHARE = 0.25
"""Of a GPU's free memory, what images may take there: several processes share it, each with copies of its own."""


@lru_cache(maxsize=16)
def open_dataset(folder: Path, input: ImageInput, device: torch.device) -> Dataset:
    """The dataset of a finished job as a network expects it, in batches on ``device``.

    On a GPU its images lie there, if they fit well; else they are mapped from files, which all processes share.
    Raises ``ConfigError`` for images that cannot become ``input``, ``DataError`` for damaged files.
    """
    return _placed(folder, device).presented(input, device)


@lru_cache(maxsize=4)
def _placed(folder: Path, device: torch.device) -> Dataset:
    import torch

    from headstart.data.batches.stored import map_dataset

    mapped = map_dataset(folder)
    if device.type != "cuda":
        return mapped
    free, _ = torch.cuda.mem_get_info(device)
    return mapped.to(device) if mapped.bytes <= DEVICE_SHARE * free else mapped


@dataclass(frozen=True)
class DatasetJob(Job):
    """Images made or found, as they came, in files that every process maps. Nothing outside of the folder is needed."""

    source: Source

    kind: ClassVar[str] = "dataset"
    version: ClassVar[int] = 2
    keepsakes: ClassVar[tuple[str, ...]] = (SAMPLES, DUPLICATES)
    told_in: ClassVar[tuple[str, ...]] = (ABOUT,)

    def identity(self) -> dict[str, Any]:
        dropped = {"duplicates": "drop"} if self.source.twice == "drop" else {}
        return {"source": type(self.source).__name__, "content": self.source.identity(), **dropped}

    @property
    def cost(self) -> int:
        return sum(self.source.info().counts.values())

    @property
    def needs(self) -> Needs:
        return Needs(up_to=self.cost)

    @property
    def title(self) -> str:
        return f"images of {self.source.name}"

    def outcome(self, folder: Path) -> dict[str, Any]:
        """What is known of the images: ``classes``, counts, statistics, ``duplicates`` if they were looked for."""
        from headstart.data.batches.stored import read_about

        found = folder / DUPLICATES
        return read_about(folder) | ({"duplicates": json.loads(found.read_bytes())} if found.exists() else {})

    def forget(self) -> None:
        open_dataset.cache_clear()
        _placed.cache_clear()

    def run(self, context: RunContext) -> None:
        from headstart.data.batches.stored import is_stored, store_dataset

        made = context.folder / MADE
        if not is_stored(context.folder):
            dataset_folder = self.source.materialise(made, workers=context.workers, progress=context.progress)
            store_dataset(self._without_duplicates(dataset_folder, context.folder), context.folder)
        _keep_samples(context.folder)
        shutil.rmtree(made, ignore_errors=True)

    def _without_duplicates(self, dataset: Path, folder: Path) -> Path:
        """The dataset folder to store: where leaks are dropped, one without them. How many there were is kept."""
        from headstart.data.batches.duplicates import drop_leaks, find_leaks

        if self.source.twice is None:
            return dataset
        leaks = find_leaks(dataset)
        drop, count = self.source.twice == "drop", int(leaks.train.sum())
        told = {"train": count, "dropped": drop, "between": leaks.between}
        write_atomic(folder / DUPLICATES, json.dumps(told).encode())
        return drop_leaks(dataset, folder / MADE / "without", leaks) if drop and count else dataset


def _keep_samples(folder: Path) -> None:
    import torch
    from safetensors.torch import save

    from headstart.data.batches.stored import map_dataset
    from headstart.data.viewing.preview import taking_turns
    from headstart.study.jobs.answers import shown_rows

    splits = map_dataset(folder).splits
    train, test = splits["train"], splits["test"]
    labels = train.targets.get("class")
    turns = torch.arange(len(train)) if labels is None or labels.ndim > 1 else taking_turns(labels)
    rows = shown_rows(len(test))
    shown = _rows("train", train, turns[:SHOWN_TRAINING]) | _rows("test", test, rows) | {"test.rows": rows}
    write_atomic(folder / SAMPLES, save({name: values.contiguous() for name, values in shown.items()}))


def _rows(split: str, images: ImageSet, rows: Tensor) -> dict[str, Tensor]:
    targets = {f"{split}.target.{name}": values[rows] for name, values in images.targets.items()}
    return {f"{split}.images": images.raw(rows), **targets}
