"""A network that teaches another: frozen, and shown what the other sees in the way that it expects."""

import torch
from torch import Tensor

from headstart.backbones.base import Backbone, Features
from headstart.data.transforms.input import AS_THEY_COME, Preparation
from headstart.methods.projection import full_precision

__all__ = ["Teacher"]


class Teacher:
    """Features of ``backbone``, in eval mode and without gradients, of views that were made for a student.

    seen: how the student's images were prepared. expects: how the teacher's are. It is no module, so that it is none of
    the student's parameters, and in no checkpoint; it follows the views to their device.
    """

    def __init__(
        self, backbone: Backbone, seen: Preparation = AS_THEY_COME, expects: Preparation = AS_THEY_COME
    ) -> None:
        self.backbone, self.seen, self.expects = backbone.eval().requires_grad_(False), seen, expects
        self._place = torch.device("cpu")

    @torch.no_grad()
    def __call__(self, views: Tensor) -> Features:
        """Of the student's normalised ``views [B, C, H, W]``."""
        if views.device != self._place:
            self.backbone, self._place = self.backbone.to(views.device), views.device
        features: Features = self.backbone(self.images(views))
        return features

    def images(self, views: Tensor) -> Tensor:
        """What the teacher gets to see of ``views``: the same picture in its color space, statistics and size."""
        with full_precision(views):
            return self.expects.anew(views, self.seen)
