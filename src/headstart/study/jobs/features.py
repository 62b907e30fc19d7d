"""What a frozen network makes of images, computed once for every budget, trial, protocol and task that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from headstart.data.transforms.input import Preparation
from headstart.errors import StoreError
from headstart.study.jobs.base import Device, Job, Needs, RunContext
from headstart.study.jobs.dataset import DatasetJob, open_dataset
from headstart.study.jobs.hardware import arithmetic
from headstart.study.jobs.starts import Start
from headstart.training import Precision, open_device

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from headstart.data.dataset import Dataset, ImageSet

__all__ = ["FeaturesJob"]


@dataclass(frozen=True)
class FeaturesJob(Job):
    """Features of the images that a network is measured on and, where all trials share its weights, of those it is
    taught with.

    per_location: maps, for tasks that ask about every pixel. They are as large as images, so those of training images,
    of which few are asked for, are left to the trials. weights: seeds what ``start`` draws anew for every trial;
    ``None`` where it draws nothing. ``NAME.npy``, float32 ``[N, h, w, D]``, per split.
    """

    dataset: DatasetJob
    start: Start
    per_location: bool
    precision: Precision
    device: Device
    weights: int | None = None

    kind: ClassVar[str] = "features"
    version: ClassVar[int] = 1

    def identity(self) -> dict[str, Any]:
        settings = {"per_location": self.per_location, "precision": self.precision, "weights": self.weights}
        return {"start": self.start.key, **settings, **arithmetic(self.device)}

    @property
    def inputs(self) -> tuple[Job, ...]:
        return (self.dataset, *self.start.jobs)

    @property
    def alike(self) -> str:
        return f"{self.kind} {self.start.network} {self.dataset.key}"

    @property
    def needs(self) -> Needs:
        return Needs.on(self.device)

    @property
    def splits(self) -> tuple[str, ...]:
        """Of which the features are kept."""
        return ("train", "val", "test") if self.weights is None and not self.per_location else ("val", "test")

    @property
    def cost(self) -> int:
        """A pass without a way back is about a third of an image-step."""
        counts = self.dataset.source.info().counts
        return sum(counts[split] for split in self.splits) // 3

    @property
    def title(self) -> str:
        return f"{self.start.title}, features{' of locations' * self.per_location}"

    @property
    def group(self) -> str:
        return self.start.key if self.start.jobs else self.dataset.key

    def run(self, context: RunContext) -> None:
        """Nothing is left where the start failed; the trials tell why."""
        from headstart.data.batches.array_writer import write_array
        from headstart.training import feature_batches

        if self.start.failure(context):
            return
        device = open_device(self.device, self.precision)
        dataset = open_dataset(context.input(self.dataset), self.start.input, device)
        backbone = self.start.load_backbone(context, dataset.train.channels, self.generator()).to(device)
        done, total = 0, sum(len(dataset.splits[split]) for split in self.splits)

        def rows(images: ImageSet) -> Iterator[Tensor]:
            nonlocal done
            for batch in feature_batches(backbone, images, per_location=self.per_location, precision=self.precision):
                done += len(batch)
                context.progress(done, total)
                yield batch.permute(0, 2, 3, 1).cpu()

        for split in self.splits:
            write_array(context.folder / f"{split}.npy", rows(dataset.splits[split]), len(dataset.splits[split]))

    def generator(self) -> torch.Generator:
        """What the start's weights are drawn from."""
        import torch

        return torch.Generator().manual_seed(self.weights or 0)

    def read(self, folder: Path, dataset: Dataset, device: torch.device) -> Dataset:
        """``dataset`` with features in place of the images of all ``splits``, for ``Precomputed`` to read, on
        ``device``. Raises ``StoreError`` where this finished job's features are gone."""
        kept = {split: self._read(folder, split, dataset.splits[split], device) for split in self.splits}
        return replace(dataset, splits={**dataset.splits, **kept})

    def _read(self, folder: Path, split: str, images: ImageSet, device: torch.device) -> ImageSet:
        from headstart.data.batches.stored import map_array
        from headstart.data.dataset import ImageSet

        try:
            features = map_array(folder, split).permute(0, 3, 1, 2)
        except (OSError, ValueError) as error:
            raise StoreError(
                f"{folder / split}.npy is gone or damaged, though these features were done ({error}): delete {folder} "
                "and run the study again"
            ) from error
        return ImageSet(features, images.targets, prepare=Preparation(device=device))
