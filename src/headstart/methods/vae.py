"""A variational autoencoder over a backbone's features (Kingma & Welling, 2014)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from headstart.backbones.base import Backbone, Features, seeded_init
from headstart.data.batches.loader import Batch
from headstart.methods.base import Method
from headstart.methods.shipped import VAEConfig, VAETraits
from headstart.objective import StepResult
from headstart.schema import Schema

__all__ = ["VAE", "VAEConfig", "decoder", "kl_divergence", "reconstruction_error"]

FIRST_SIDE, WIDE_SIDE, MOST_CHANNELS = 4, 16, 256
"""Pixels a side of the decoder's first map; up to which side maps keep all channels; how many those are at most."""


class VAE(VAETraits, Method):
    """The code has as many numbers as there are features and is kept close to a normal prior.
    Backbone, then two linear layers for mean and log variance of the code, then a decoder. The features are what
    the two layers read, not the code.
    """

    def __init__(self, backbone: Backbone, config: Schema, *, images: int, generator: torch.Generator) -> None:
        super().__init__(backbone, config, images=images, generator=generator)
        assert isinstance(config, VAEConfig)
        self.config = config
        channels = config.channels or min(backbone.dim, MOST_CHANNELS)
        with seeded_init(generator):
            self.mean = nn.Linear(backbone.dim, backbone.dim)
            self.log_variance = nn.Linear(backbone.dim, backbone.dim)
            self.decoder = decoder(backbone.dim, channels, backbone.in_channels, config.resolution)

    def step(self, batch: Batch) -> StepResult:
        images = batch.views[0]
        features: Features = self.backbone(images)
        mean, log_variance = self.mean(features.pooled).float(), self.log_variance(features.pooled).float()
        code = self._draw(mean, log_variance, batch) if self.training else mean
        error = reconstruction_error(self.decoder(code[:, :, None, None]).float(), images)
        # The divergence is a sum over the joint batch, and gradients are averaged over processes, not summed.
        divergence = batch.share.processes * kl_divergence(mean, log_variance)
        metrics = {"mse": error.detach(), "kl": divergence.detach()}
        return StepResult(error + self.config.kl_weight * divergence, metrics)

    def _draw(self, mean: Tensor, log_variance: Tensor, batch: Batch) -> Tensor:
        """Codes ``[B, D]`` from the normal distributions that the encoder gives for this process's images."""
        shape = len(batch.index), mean.shape[1]
        noise = torch.randn(shape, generator=batch.generator, device=batch.generator.device)
        return mean + (0.5 * log_variance).exp() * batch.share.local(noise)


def decoder(dim: int, channels: int, out_channels: int, resolution: int) -> nn.Sequential:
    """Deconvolutions ``[B, dim, 1, 1] -> [B, out_channels, resolution, resolution]``: to 4 px, then doubling."""
    layers: list[nn.Module] = _deconvolution(dim, channels, stride=1, pad=0)
    side, inputs = FIRST_SIDE, channels
    while side < resolution:
        side *= 2
        outputs = max(1, channels * WIDE_SIDE // max(side, WIDE_SIDE))
        layers += _deconvolution(inputs, outputs, stride=2, pad=1)
        inputs = outputs
    return nn.Sequential(*layers, nn.Conv2d(inputs, out_channels, 1))


def reconstruction_error(output: Tensor, images: Tensor) -> Tensor:
    """Mean squared difference of ``[B, C, s, s]`` from ``images [B, C, S, S]`` resized to s px (nearest pixel)."""
    if images.shape[-2:] != output.shape[-2:]:
        images = F.interpolate(images, size=output.shape[-2:], mode="nearest")
    return F.mse_loss(output, images)


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL from the standard normal, in nats, summed over ``[B, D]`` (Kingma & Welling, 2014, appendix B)."""
    return -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()


def _deconvolution(inputs: int, outputs: int, *, stride: int, pad: int) -> list[nn.Module]:
    return [
        _Deconvolution(inputs, outputs, 4, stride=stride, padding=pad),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    ]


class _Deconvolution(nn.ConvTranspose2d):
    """With the bias added apart: on a CPU, torch's own takes longer over its gradient than over all others."""

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        assert output_size is None
        assert self.bias is not None
        assert not isinstance(self.padding, str)
        output = F.conv_transpose2d(input, self.weight, None, self.stride, self.padding)
        return output.add_(self.bias.to(output.dtype)[:, None, None])
