"""The job behind the control ``patches``: what training images are made of, found without labels and gradients."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from headstart.data.transforms.input import ImageInput
from headstart.errors import StoreError
from headstart.seeding import numpy_generator, torch_generator
from headstart.study.jobs.base import Job, RunContext
from headstart.study.jobs.dataset import DatasetJob, open_dataset
from headstart.study.jobs.hardware import arithmetic
from headstart.study.jobs.pool import PoolJob, learned_from

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from headstart.backbones.patches import PatchFeatures
    from headstart.backbones.shipped import PatchesConfig
    from headstart.data.dataset import ImageSet

__all__ = ["PatchesJob"]

WEIGHTS = "patches.safetensors"
BLOCK = 1024
"""Images whose patches come before those of the next as many."""
PAIRS_A_STEP = 800
"""Patches times centroids that cost about as much as an image-step of a small network."""


@dataclass(frozen=True)
class PatchesJob(Job):
    """Whitening and centroids of patches of the training split, and of ``pool``.

    seed: of which patches, and of where k-means begins.

    On the CPU, whatever the study's device is: it takes seconds.
    """

    dataset: DatasetJob
    expected: ImageInput
    options: PatchesConfig
    seed: int
    pool: PoolJob | None = None

    kind: ClassVar[str] = "patches"
    version: ClassVar[int] = 1

    def identity(self) -> dict[str, Any]:
        settings = {"options": self.options.model_dump(), "input": asdict(self.expected), "seed": self.seed}
        return settings | arithmetic("cpu", "scikit-learn")

    @property
    def inputs(self) -> tuple[Job, ...]:
        return (self.dataset, *([self.pool] if self.pool else []))

    @property
    def cost(self) -> int:
        return self.options.sample * self.options.centroids // PAIRS_A_STEP

    @property
    def title(self) -> str:
        return "patches, k-means"

    @property
    def group(self) -> str:
        return self.dataset.key

    def run(self, context: RunContext) -> None:
        import torch

        from headstart.backbones import save_weights
        from headstart.backbones.patches import PatchFeatures

        dataset = open_dataset(context.input(self.dataset), self.expected, torch.device("cpu"))
        images = learned_from(context, self.pool, dataset)
        self.options.check(len(images), images.resolution)
        network = PatchFeatures(self.options, images.channels)
        drawn = sample_patches(images, self.options, numpy_generator(self.seed, "patches", "sample"))
        network.fit(drawn, torch_generator(self.seed, "patches", "k-means"))
        save_weights(network, context.folder / WEIGHTS)

    def load_weights(self, network: PatchFeatures, context: RunContext) -> None:
        """Put what this finished job found into ``network``. Raises ``StoreError`` where its weights are gone."""
        from headstart.backbones import load_weights

        path = context.input(self) / WEIGHTS
        if not path.exists():
            raise StoreError(f"{path} is gone, though it was made: delete {path.parent} and run the study again")
        load_weights(network, path)


def sample_patches(images: ImageSet, options: PatchesConfig, generator: np.random.Generator) -> Tensor:
    """``options.sample`` different patches ``[M, C, size, size]`` from anywhere in ``images``, as a network sees them.

    Every patch that lies within an image is as likely as any other.
    """
    import torch

    from headstart.training.features import together

    size = options.size
    side = images.resolution - size + 1
    places = torch.from_numpy(generator.choice(len(images) * side**2, options.sample, replace=False, shuffle=False))
    places = places[torch.argsort(places // side**2 // BLOCK, stable=True)]
    within, count = torch.arange(size), together(images)
    patches = torch.empty(len(places), images.channels, size, size)
    for number, batch in enumerate(images.batches(count)):
        mine = (places // side**2 // count == number).nonzero()[:, 0]
        here = places[mine]
        row, top, left = here // side**2 % count, here // side % side, here % side
        down, right = (top[:, None] + within)[:, :, None], (left[:, None] + within)[:, None, :]
        patches[mine] = batch.permute(0, 2, 3, 1)[row[:, None, None], down, right].permute(0, 3, 1, 2)
    return patches
