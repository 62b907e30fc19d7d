"""The job that all others start from: images, prepared once for every process."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from headstart.data.batches.prepared import load_prepared, prepare, record_normalisation
from headstart.data.dataset import Dataset
from headstart.data.sources import Source
from headstart.data.transforms.color import ColorSpace
from headstart.files import write_atomic
from headstart.study.jobs.base import Job, Needs, RunContext
from headstart.training import pick_device

__all__ = ["DatasetJob", "image_folder", "prepared_dataset"]

IMAGES, PLACE = "images", "place.json"


@lru_cache(maxsize=4)
def prepared_dataset(folder: Path) -> Dataset:
    """A prepared dataset on this process's device, read once however many jobs of a group use it."""
    return load_prepared(folder).to(pick_device())


def image_folder(folder: Path) -> Path:
    """The dataset folder, with images as they were before normalising, behind a finished dataset job."""
    return Path(json.loads((folder / PLACE).read_text()))


@dataclass(frozen=True)
class DatasetJob(Job):
    """Images made or found, normalised, in a file that every process maps."""

    source: Source
    color: ColorSpace

    kind: ClassVar[str] = "dataset"
    version: ClassVar[int] = 1

    def identity(self) -> dict[str, Any]:
        return {"source": type(self.source).__name__, "content": self.source.identity(), "color": self.color}

    @property
    def cost(self) -> int:
        return sum(self.source.about().counts.values())

    @property
    def needs(self) -> Needs:
        return Needs(up_to=self.cost)

    @property
    def title(self) -> str:
        return f"images of {self.source.name}"

    def run(self, context: RunContext) -> None:
        made_in = context.folder / IMAGES
        place = self.source.materialise(made_in, workers=context.workers, progress=context.progress)
        if place == made_in:
            record_normalisation(place)
        prepare(place, context.folder, self.color)
        write_atomic(context.folder / PLACE, json.dumps(str(place.resolve())).encode())
