"""Rotation prediction: tell by how many quarter turns an image was rotated (Gidaris et al., 2018)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from headstart.backbones.base import Backbone, Features, seeded_init
from headstart.data.batches.loader import Batch
from headstart.methods.base import Method
from headstart.methods.shipped import RotationConfig, RotationTraits
from headstart.objective import StepResult
from headstart.schema import Schema

__all__ = ["Rotation", "RotationConfig", "quarter_turns", "rotate"]

TURNS = 4


class Rotation(RotationTraits, Method):
    """Cross-entropy of a linear layer over the four rotations; every batch has equal shares of them."""

    def __init__(self, backbone: Backbone, config: Schema, *, images: int, generator: torch.Generator) -> None:
        super().__init__(backbone, config, images=images, generator=generator)
        with seeded_init(generator):
            self.head = nn.Linear(backbone.dim, TURNS)

    def step(self, batch: Batch) -> StepResult:
        images = batch.views[0]
        turns = batch.share.local(quarter_turns(len(batch.index), batch.generator))
        features: Features = self.backbone(rotate(images, turns))
        logits = self.head(features.pooled).float()
        accuracy = (logits.detach().argmax(dim=1) == turns).float().mean()
        return StepResult(F.cross_entropy(logits, turns), {"rotation_accuracy": accuracy})


def quarter_turns(batch: int, generator: torch.Generator) -> Tensor:
    """Random int64 ``[batch]`` of 0..3 in shares that are equal, or differ by one where 4 does not divide the batch."""
    order = torch.randperm(batch, generator=generator, device=generator.device)
    return order % TURNS


def rotate(images: Tensor, turns: Tensor) -> Tensor:
    """Square images ``[B, C, S, S]``, each turned clockwise by ``turns [B]`` quarter turns, channels-last.

    One gather instead of a masked copy per angle: no step waits for the device to say how many images turn where.
    """
    batch, _, side, _ = images.shape
    source_pixel = torch.arange(side * side, device=images.device).view(side, side)
    sources = torch.stack([torch.rot90(source_pixel, -turn) for turn in range(TURNS)]).view(TURNS, -1)
    pixels = images.permute(0, 2, 3, 1).reshape(batch * side * side, -1)
    rows = torch.arange(batch, device=images.device)[:, None] * (side * side) + sources[turns]
    return pixels.index_select(0, rows.view(-1)).view(batch, side, side, -1).permute(0, 3, 1, 2)
