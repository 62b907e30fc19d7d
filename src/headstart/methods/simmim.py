"""Masked image modelling after SimMIM: paint what hidden patches show (Xie et al., 2022)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from headstart.backbones.base import Backbone, Features, seeded_init
from headstart.data.batches.loader import Batch
from headstart.errors import ConfigError
from headstart.methods.base import Method
from headstart.methods.shipped import SimMIMConfig, SimMIMTraits
from headstart.objective import StepResult
from headstart.schema import Schema

__all__ = ["SimMIM", "SimMIMConfig", "draw_masks", "masked_errors", "pixels_per_location", "visible_mean"]


class SimMIM(SimMIMTraits, Method):
    """A linear layer paints them from the features of what is left to see.
    Hidden pixels are replaced in the image itself, by one color that is learned and starts as the mean. So nothing is
    needed inside the network, and it may be a convolutional one, a transformer or a plugin: MAE leaves tokens out,
    which only transformers bear, and SparK makes convolutions sparse and adds a decoder to their stages.
    ``gain_over_mean`` tells how much smaller the error is than for painting each image in the mean color of what is
    left: 1 where nothing is wrong, 0 where the mean would do as well.
    """

    def __init__(self, backbone: Backbone, config: Schema, *, images: int, generator: torch.Generator) -> None:
        super().__init__(backbone, config, images=images, generator=generator)
        assert isinstance(config, SimMIMConfig)
        self.config, self.side = config, pixels_per_location(backbone)
        self.mask_color = nn.Parameter(torch.zeros(backbone.in_channels))
        with seeded_init(generator):
            self.head = nn.Conv2d(backbone.dim, backbone.in_channels * self.side**2, 1)

    def check_resolution(self, resolution: int) -> None:
        _patches_per_side(resolution, self.config.patch)

    def step(self, batch: Batch) -> StepResult:
        images = batch.views[0]
        hidden = self._hidden(batch)
        seen = torch.where(hidden, self.mask_color[:, None, None], images)
        features: Features = self.backbone(seen)
        errors = masked_errors(self._paint(features.dense, images), images, hidden)
        by_mean = masked_errors(visible_mean(images, hidden), images, hidden)
        ours, means = batch.share.gather(torch.stack([errors.detach(), by_mean], dim=1)).mean(dim=0)
        return StepResult(errors.mean(), {"gain_over_mean": 1 - ours / means.clamp_min(1e-12)})

    def _hidden(self, batch: Batch) -> Tensor:
        """bool ``[B, 1, H, W]``: which pixels of this process's images are hidden."""
        resolution, patch = int(batch.views[0].shape[-1]), self.config.patch
        count = _patches_per_side(resolution, patch)
        masks = draw_masks(len(batch.index), count**2, self.config.ratio, batch.generator)
        masks = batch.share.local(masks).view(-1, 1, count, count)
        return masks.repeat_interleave(patch, dim=2).repeat_interleave(patch, dim=3)

    def _paint(self, dense: Tensor, like: Tensor) -> Tensor:
        """Float32 pixels, shaped like ``like [B, C, H, W]``, from ``dense [B, D, h, w]``: a square a location."""
        painted = F.pixel_shuffle(self.head(dense).float(), self.side)
        if painted.shape == like.shape:
            return painted
        return F.interpolate(painted, like.shape[-2:], mode="bilinear", align_corners=False)


@torch.no_grad()
def pixels_per_location(backbone: Backbone) -> int:
    """How many pixels a side one location of the backbone's dense map stands for, found by trying.

    Networks without padding have fewer locations than that suggests; what is painted is stretched for them.
    """
    training, resolution = backbone.training, 2 * backbone.min_resolution
    images = torch.zeros(1, backbone.in_channels, resolution, resolution)
    features: Features = backbone.eval()(images)
    backbone.train(training)
    return max(1, round(resolution / features.dense.shape[-1]))


def draw_masks(batch: int, patches: int, ratio: float, generator: torch.Generator) -> Tensor:
    """bool ``[batch, patches]``, true where hidden: the share ``ratio`` of each row, rounded, but never none or all."""
    hidden = min(max(1, round(ratio * patches)), patches - 1)
    order = torch.rand(batch, patches, generator=generator, device=generator.device).argsort(dim=1)
    return order.argsort(dim=1) < hidden


def masked_errors(painted: Tensor, images: Tensor, hidden: Tensor) -> Tensor:
    """Mean absolute difference ``[B]`` of ``[B, C, H, W]`` over the pixels in ``hidden [B, 1, H, W]``.

    As many are hidden in every image, so that the mean over B is the loss of Xie et al. (2022), eq. 1.
    """
    return ((painted - images).abs() * hidden).sum(dim=(1, 2, 3)) / (hidden.sum(dim=(1, 2, 3)) * images.shape[1])


def visible_mean(images: Tensor, hidden: Tensor) -> Tensor:
    """``[B, C, 1, 1]``: the mean color of ``images [B, C, H, W]`` outside ``hidden [B, 1, H, W]``."""
    return (images * ~hidden).sum(dim=(2, 3), keepdim=True) / (~hidden).sum(dim=(2, 3), keepdim=True)


def _patches_per_side(resolution: int, patch: int) -> int:
    count, rest = divmod(resolution, patch)
    if rest or count < 2:
        fits = next(side for side in range(min(patch, resolution // 2), 0, -1) if resolution % side == 0)
        raise ConfigError(
            f"method 'simmim' cannot cut images of {resolution} px into two or more patches of {patch} px a side: "
            f"set its option patch to a smaller divisor of {resolution}, such as {fits}"
        )
    return count
