"""Augmented multiscale deep InfoMax: views of an image predict each other's neighbourhoods (Bachman et al., 2019)."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from headstart.backbones.base import Backbone, Features, seeded_init
from headstart.backbones.split import SplitBackbone
from headstart.data.batches.loader import Batch
from headstart.errors import ConfigError
from headstart.methods.base import Method
from headstart.methods.shipped import AMDIMConfig, AMDIMTraits
from headstart.objective import StepResult
from headstart.schema import Schema

__all__ = ["AMDIM", "AMDIMConfig", "clip", "draw_positions", "mean_squares", "nce", "take_positions"]

SEVEN, FIVE = 7, 5
PENALTY = 0.05
"""What the mean squared score weighs, per kind of prediction."""


class AMDIM(AMDIMTraits, Method):
    """One view's summary, or one position of it, must find the positions of the image's other view among those of all
    images. Three kinds of prediction, each in both directions between two views: global to 5x5, global to 7x7, and 5x5
    to 5x5 from a random position. Global is the pooled feature; the local maps are two stages of the backbone, pooled
    to size and projected to as many channels.
    """

    def __init__(self, backbone: Backbone, config: Schema, *, images: int, generator: torch.Generator) -> None:
        super().__init__(backbone, config, images=images, generator=generator)
        assert isinstance(config, AMDIMConfig)
        if backbone.local_stages is None or isinstance(backbone, SplitBackbone):
            raise ConfigError(
                f"method 'amdim' compares local maps, and backbone '{backbone.name}' names none (local_stages): choose "
                "one that does, such as resnet9, resnet50, amdim or vit, and leave it whole"
            )
        self.config, self.stages = config, backbone.local_stages
        seven, five = (backbone.stage_channels[stage] for stage in self.stages)
        with seeded_init(generator):
            self.project_seven, self.project_five = nn.Conv2d(seven, backbone.dim, 1), nn.Conv2d(five, backbone.dim, 1)

    def step(self, batch: Batch) -> StepResult:
        self.check_batch(batch)
        pooled, five, seven = self.encode(batch.views)
        positions = batch.share.local(draw_positions(len(batch.index), batch.generator))
        with torch.autocast(pooled.device.type, enabled=False):
            # A view's maps are compared with the sources of the other view.
            sources = torch.stack([pooled, take_positions(five, positions)], dim=1).flip(0)
            five, seven = _gathered(five, batch), _gathered(seven, batch)
            first = batch.share.rank * pooled.shape[1]
            to_five = nce(sources, five, first, self.config.tanh_clip).mean(dim=(0, 2, 3))
            to_seven = nce(sources[:, :1], seven, first, self.config.tanh_clip).mean()
            squares = mean_squares(sources, five) + mean_squares(sources[:, :1], seven)
        terms = {"nce_1to5": to_five[0], "nce_1to7": to_seven, "nce_5to5": to_five[1], "penalty": PENALTY * squares}
        loss = torch.stack(list(terms.values())).sum()
        return StepResult(loss, {name: term.detach() for name, term in terms.items()})

    def encode(self, views: tuple[Tensor, ...]) -> tuple[Tensor, Tensor, Tensor]:
        """Float32 features of V views, in one pass: ``[V, B, D]``, ``[V, B, 25, D]`` and ``[V, B, 49, D]``."""
        features: Features = self.backbone(torch.cat(views))
        seven, five = (features.stages[stage] for stage in self.stages)
        maps = _local(five, self.project_five, FIVE), _local(seven, self.project_seven, SEVEN)
        shape = len(views), len(views[0])
        five, seven = (local.permute(0, 2, 3, 1).flatten(1, 2).view(*shape, -1, self.backbone.dim) for local in maps)
        return features.pooled.view(*shape, -1).float(), five.float(), seven.float()


def _local(maps: Tensor, project: nn.Conv2d, side: int) -> Tensor:
    """A stage ``[N, C, h, w]``, pooled to ``side`` and projected: ``[N, D, side, side]``.

    Both orders give the same numbers, as both are linear and weights sum to 1; what has fewer locations comes first.
    """
    if maps.shape[-1] < side:
        return F.adaptive_avg_pool2d(project(maps), side)
    local: Tensor = project(F.adaptive_avg_pool2d(maps, side))
    return local


def draw_positions(images: int, generator: torch.Generator) -> Tensor:
    """Random rows and columns of a 5x5 map, int64 ``[images, 2 views, 2]``."""
    return torch.randint(FIVE, (2, 2, images), generator=generator, device=generator.device).permute(2, 0, 1)


def take_positions(maps: Tensor, positions: Tensor) -> Tensor:
    """``[V, B, D]``: of each 5x5 map in ``maps [V, B, 25, D]`` the one position that ``positions [B, V, 2]`` names."""
    chosen = (positions[..., 0] * FIVE + positions[..., 1]).T[..., None, None]
    return maps.gather(2, chosen.expand(-1, -1, 1, maps.shape[-1])).squeeze(2)


def nce(sources: Tensor, targets: Tensor, first: int, tanh_clip: float) -> Tensor:
    """How badly sources tell their own image's positions from other images': ``[V, K, B, L]`` in nats.

    sources: ``[V, K, B, D]``, K kinds of them, of images ``first``, ``first + 1``, ... of the N that are told apart.
    targets: ``[V, N, L, D]``, L positions each, for V pairs of views. Each value is -log of a softmax over one own
    position and all positions of all others; the other positions of the same image are in nobody's sum.
    """
    unit = math.sqrt(sources.shape[-1])
    own = targets[:, first : first + sources.shape[2]]
    scores = clip(torch.einsum("vkbd,vbld->vkbl", sources, own) / unit, tanh_clip)
    others: Tensor = _Others.apply(sources / unit, targets, first, tanh_clip)  # type: ignore[no-untyped-call]
    return F.softplus(others[..., None] - scores)


def clip(scores: Tensor, limit: float) -> Tensor:
    """Scores squeezed smoothly into ± ``limit``; small ones stay about as they are."""
    return limit * torch.tanh(scores / limit)


def mean_squares(sources: Tensor, targets: Tensor) -> Tensor:
    """The mean squared score before clipping, averaged over views and summed over kinds; arguments as for ``nce``.

    It keeps scores small (Bachman et al., 2019, section 3.4). No score is needed for it: |A B'|² = <A'A, B'B>.
    """
    rows, columns = sources.flatten(1, 2), targets.flatten(1, 2)
    squares = (rows.transpose(1, 2) @ rows) * (columns.transpose(1, 2) @ columns)
    pairs = len(sources) * sources.shape[2] * columns.shape[1]
    return squares.sum() / (pairs * sources.shape[-1])


class _Others(torch.autograd.Function):
    """log sum exp of clipped scores with the positions of all other images, ``[V, K, B]``; arguments as for ``nce``.

    By hand, because B x N x L scores are what this method spends its own time and memory on: autograd would go over
    them 25 times and keep three copies, this goes over them 8 times and keeps one.
    """

    @staticmethod
    def forward(ctx: Any, sources: Tensor, targets: Tensor, first: int, limit: float) -> Tensor:
        rows, columns = sources.flatten(1, 2), targets.flatten(1, 2)
        scores = ((rows / limit) @ columns.transpose(1, 2)).tanh_().view(*sources.shape[:3], *targets.shape[1:3])
        own = scores[:, :, :, first : first + scores.shape[2]].diagonal(dim1=2, dim2=3)
        own.fill_(-math.inf)
        top = scores.amax(dim=(3, 4), keepdim=True)
        weights = (scores - top).mul_(limit).exp_()
        total = weights.sum(dim=(3, 4))
        # From here on the weights are the derivatives of the sum by unclipped scores: exp' times tanh' = 1 - tanh².
        own.zero_()
        weights.addcmul_(weights, scores.square_(), value=-1)
        ctx.save_for_backward(rows, columns, weights.view(len(rows), rows.shape[1], -1), total)
        ctx.shape = targets.shape
        return total.log() + limit * top[..., 0, 0]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        rows, columns, weights, total = ctx.saved_tensors
        scale = (gradients[0] / total).flatten(1)[..., None]
        by_rows, by_columns = scale * (weights @ columns), weights.transpose(1, 2) @ (scale * rows)
        shape = *total.shape, rows.shape[-1]
        return by_rows.view(shape), by_columns.view(ctx.shape), None, None


def _gathered(maps: Tensor, batch: Batch) -> Tensor:
    """``[V, N, L, D]``: every process's ``maps [V, B, L, D]``, in order of images."""
    return batch.share.gather(maps.transpose(0, 1)).transpose(0, 1)
