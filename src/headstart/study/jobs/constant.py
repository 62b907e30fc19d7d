"""What answers every image alike, and images that show nothing."""

import torch
from torch import Tensor, nn

from headstart.backbones.base import Features
from headstart.data.dataset import ImageSet

__all__ = ["Constant", "blank"]


def blank(images: ImageSet) -> ImageSet:
    """The targets, and in place of each image a single 0."""
    return ImageSet(torch.zeros(len(images), 1, 1, 1), images.targets)


class Constant(nn.Module):
    """One answer ``[...]`` to whatever is asked: ``Features`` of B images to ``[B, ...]``."""

    def __init__(self, answer: Tensor) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, features: Features) -> Tensor:
        return self.answer.expand(len(features.pooled), *self.answer.shape)
