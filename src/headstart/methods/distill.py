"""Distillation of features: foresee what a network that was trained already makes of an image (Romero et al., 2015)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from headstart.backbones.base import Backbone, Features, seeded_init
from headstart.data.batches.loader import Batch
from headstart.methods.base import Method
from headstart.methods.projection import full_precision, mlp, wide
from headstart.methods.shipped import DistillConfig, DistillTraits
from headstart.methods.teacher import Teacher
from headstart.objective import StepResult
from headstart.schema import Schema

__all__ = ["Distill", "DistillConfig", "cosine", "mse", "on_one_grid", "rows", "standardised"]


class Distill(DistillTraits, Method):
    """A projector of the student's features, of the image and of each location, must come near the teacher's.

    Both see the same augmented view, as in Beyer et al. (2022): a function is learned, at whatever the view shows.
    """

    def __init__(
        self, backbone: Backbone, config: Schema, *, images: int, generator: torch.Generator, teacher: Teacher
    ) -> None:
        super().__init__(backbone, config, images=images, generator=generator)
        assert isinstance(config, DistillConfig)
        self.teacher, self.distance, theirs = teacher, LOSSES[config.loss], teacher.backbone
        self.weights = {part: weight for part, weight in (("pooled", 1.0), ("local", config.local)) if weight}
        sizes = {"pooled": (backbone.dim, theirs.dim), "local": (backbone.dense_dim, theirs.dense_dim)}
        with seeded_init(generator):
            self.projectors = nn.ModuleDict({part: _projector(config, *sizes[part]) for part in self.weights})

    def step(self, batch: Batch) -> StepResult:
        view = batch.views[0]
        ours: Features = self.backbone(view)
        theirs = self.teacher(view)
        pairs = {"pooled": (ours.pooled, theirs.pooled), "local": on_one_grid(ours.dense, theirs.dense)}
        losses, metrics = [], {}
        for part, weight in self.weights.items():
            features, target = (rows(each) for each in pairs[part])
            foreseen, target = self.projectors[part](features).float(), target.float()
            losses.append(weight * self.distance(foreseen, target))
            metrics[f"{part}_similarity"] = 1 - cosine(foreseen.detach(), target)
        return StepResult(torch.stack(losses).sum(), metrics)


def cosine(foreseen: Tensor, target: Tensor) -> Tensor:
    """Mean over rows of 1 less the cosine between ``[N, D]`` and ``[N, D]``: 0 to 2 (Ranzinger et al., 2024, eq. 2)."""
    with full_precision(foreseen):
        return 1 - F.cosine_similarity(foreseen, target, dim=1).mean()


def mse(foreseen: Tensor, target: Tensor) -> Tensor:
    """Mean squared distance of ``foreseen [N, D]`` from ``standardised(target)`` (Romero et al., 2015, eq. 3)."""
    return F.mse_loss(foreseen, standardised(target))


def standardised(features: Tensor) -> Tensor:
    """Each row of ``[N, D]`` less its mean and over its deviation (Wei et al., 2022, 2.1).

    Networks differ in how large their features are, and some have a few that are many times the others: an error in
    squares would be one of those alone, and need another learning rate for every teacher.
    """
    return F.layer_norm(features, features.shape[-1:])


LOSSES = {"cosine": cosine, "mse": mse}


def on_one_grid(ours: Tensor, theirs: Tensor) -> tuple[Tensor, Tensor]:
    """Maps ``[B, D, h, w]`` and ``[B, E, H, W]`` at the locations of the coarser one, each a mean over its area."""
    height, width = (min(sides) for sides in zip(ours.shape[-2:], theirs.shape[-2:], strict=True))
    return _means(ours, (height, width)), _means(theirs, (height, width))


def rows(features: Tensor) -> Tensor:
    """``[B, D]`` as it is, and ``[B, D, h, w]`` as ``[B h w, D]``."""
    return features.flatten(2).transpose(1, 2).flatten(0, 1) if features.ndim == 4 else features


def _means(maps: Tensor, sides: tuple[int, int]) -> Tensor:
    return maps if maps.shape[-2:] == sides else F.adaptive_avg_pool2d(maps, sides)


def _projector(config: DistillConfig, inputs: int, outputs: int) -> nn.Module:
    sizes = (inputs, outputs) if config.projector == "linear" else (inputs, wide(config.hidden, outputs, 1), outputs)
    return mlp(sizes)
