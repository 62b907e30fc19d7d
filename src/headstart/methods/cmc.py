"""Contrastive multiview coding of lightness against color (Tian et al., 2020), with memory banks (Wu et al., 2018)."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from headstart.backbones.base import Backbone, Features
from headstart.backbones.split import SplitBackbone
from headstart.data.batches.loader import Batch
from headstart.errors import ConfigError
from headstart.methods.base import Method
from headstart.methods.shipped import CMCConfig, CMCTraits
from headstart.objective import StepResult
from headstart.schema import Schema

__all__ = ["CMC", "CMCConfig", "contrast", "init_memory", "nce_loss", "update_memory"]

# Up to this many rows of a bank per candidate, scoring the whole bank takes less time than copying the rows chosen.
WHOLE_BANK_LIMIT = 32


class CMC(CMCTraits, Method):
    """Each modality of an image must find the other's memory of the same image among those of random images."""

    memory_light: Tensor
    memory_color: Tensor

    def __init__(self, backbone: Backbone, config: Schema, *, images: int, generator: torch.Generator) -> None:
        super().__init__(backbone, config, images=images, generator=generator)
        assert isinstance(config, CMCConfig)
        if not isinstance(backbone, SplitBackbone):
            raise ConfigError("method 'cmc' compares two halves of an image: build its backbone with split=True")
        self.config, self.negatives, self.dims = config, min(config.negatives, images), backbone.dims
        if self.dims[0] != self.dims[1]:
            raise ConfigError(
                f"method 'cmc' compares features of two halves, and theirs are of unequal sizes {self.dims}"
            )
        self.register_buffer("memory_light", init_memory(images, self.dims[0], generator))
        self.register_buffer("memory_color", init_memory(images, self.dims[1], generator))

    def step(self, batch: Batch) -> StepResult:
        features: Features = self.backbone(batch.views[0])
        light, color = (
            F.normalize(half, dim=1) for half in torch.split(features.pooled.float(), list(self.dims), dim=1)
        )
        chosen = self._candidates(batch)
        light_scores = contrast(light, self.memory_color, chosen, self.config.temperature)
        color_scores = contrast(color, self.memory_light, chosen, self.config.temperature)
        loss = nce_loss(light_scores) + nce_loss(color_scores)
        if self.training:
            # Every process has a whole bank and makes all its updates, so that the banks stay equal.
            for memory, new in ((self.memory_light, light), (self.memory_color, color)):
                update_memory(memory, batch.index, batch.share.gather(new.detach()), self.config.momentum)
        return StepResult(loss, {"light_accuracy": _accuracy(light_scores), "color_accuracy": _accuracy(color_scores)})

    def _candidates(self, batch: Batch) -> Tensor:
        """int64 ``[B, K + 1]`` for this process's B images: each image's own row, then K drawn with replacement.

        An image's own row may be among the K.
        """
        drawn = torch.randint(
            len(self.memory_light),
            (len(batch.index), self.negatives),
            generator=batch.generator,
            device=batch.generator.device,
        )
        return batch.share.local(torch.cat([batch.index[:, None], drawn], dim=1))


def contrast(query: Tensor, memory: Tensor, chosen: Tensor, temperature: float) -> Tensor:
    """Similarities ``[B, K + 1]`` of ``query [B, D]`` to rows ``chosen [B, K + 1]`` of ``memory [N, D]``, over T.

    ``chosen`` may repeat rows and differs per query. The gradient reaches ``query`` alone, and survives a change of
    ``memory`` made before the backward pass.
    """
    # Half precision would round similarities to steps that matter once they are divided by a small temperature, by
    # which there are fewer numbers to divide before they are multiplied.
    with torch.autocast(query.device.type, enabled=False):
        query = query / temperature
        if len(memory) <= WHOLE_BANK_LIMIT * chosen.shape[1]:
            return (query @ memory.clone().T).gather(1, chosen)
        return torch.bmm(memory[chosen], query[:, :, None]).squeeze(2)


def nce_loss(similarity: Tensor) -> Tensor:
    """Mean cross-entropy in nats of ``[B, K + 1]`` with the positive in column 0 (Tian et al., 2020, eq. 2)."""
    return F.cross_entropy(similarity, torch.zeros(len(similarity), dtype=torch.int64, device=similarity.device))


def init_memory(images: int, dim: int, generator: torch.Generator) -> Tensor:
    """Starting rows ``[images, dim]``, uniform in ±1/sqrt(dim / 3), which makes them of about unit length."""
    bound = 1 / math.sqrt(dim / 3)
    return torch.empty(images, dim, device=generator.device).uniform_(-bound, bound, generator=generator)


@torch.no_grad()
def update_memory(memory: Tensor, index: Tensor, new: Tensor, momentum: float) -> None:
    """Move rows ``index [B]`` of ``memory [N, D]`` to ``normalise(momentum * old + (1 - momentum) * new)``, in place.

    A row named more than once takes the last of its values, on every device.
    """
    order = torch.arange(len(index), device=index.device)
    last = torch.where(index[:, None] == index[None, :], order, 0).amax(dim=1)
    rows = F.normalize(momentum * memory[index] + (1 - momentum) * new[last], dim=1)
    memory.index_copy_(0, index, rows)


def _accuracy(similarity: Tensor) -> Tensor:
    """Fraction of images whose positive (column 0) scores highest."""
    scores = similarity.detach()
    return (scores[:, 0] == scores.amax(dim=1)).float().mean()
