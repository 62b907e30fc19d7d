"""Several processes that train as one would on the joint batch: statistics of all images, the mean of all gradients."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from headstart.data.batches.share import Share

__all__ = ["JointBatchNorm", "average_gradients", "synchronise_batch_norm"]


class JointBatchNorm(_BatchNorm):
    """Batch norm of ``[B, C, ...]`` over the batches of all processes, on any device; in eval mode as usual.

    torch's own ``SyncBatchNorm`` works on GPUs only. Statistics are at least of single precision.
    """

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        values = input.to(torch.promote_types(input.dtype, torch.float32))
        mean, variance, count = _joint_moments(values)
        self._remember(mean.detach(), variance.detach() * count / (count - 1).clamp_min(1))
        shape = (1, -1, *[1] * (input.ndim - 2))
        scale = (variance + self.eps).rsqrt()
        scale, offset = (scale, None) if self.weight is None else (scale * self.weight, self.bias)
        normal = (values - mean.view(shape)) * scale.view(shape)
        return (normal if offset is None else normal + offset.view(shape)).to(input.dtype)

    def _check_input_dim(self, input: Tensor) -> None:
        assert input.ndim >= 2, f"batch norm wants [B, C, ...], not {tuple(input.shape)}"

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics (``variance``: unbiased) as torch's batch norm does."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), share)
        self.running_var.lerp_(variance.to(self.running_var.dtype), share)


def _joint_moments(values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean and biased variance ``[C]`` of all processes' ``[B, C, ...]``, B may differ, and how many numbers made them.

    Each process's own moments are put together (Chan et al., 1979), which loses no digits to large means.
    """
    dims = [0, *range(2, values.ndim)]
    variance, mean = torch.var_mean(values, dims, correction=0)
    count = torch.full_like(mean, values.numel() / max(1, values.shape[1]))
    means, variances, counts = Share.current().gather(torch.stack([mean, variance, count])[None]).unbind(1)
    shares = counts / counts.sum(0)
    joint = (shares * means).sum(0)
    return joint, (shares * (variances + (means - joint).square())).sum(0), counts.sum(0).detach()


def synchronise_batch_norm(module: nn.Module, device: torch.device) -> None:
    """Make every batch norm in ``module`` one of the joint batch, in place, with the same parameters and state dict."""
    for name, child in module.named_children():
        if isinstance(child, _BatchNorm):
            setattr(module, name, _joint(child, device))
        else:
            synchronise_batch_norm(child, device)


def _joint(norm: _BatchNorm, device: torch.device) -> _BatchNorm:
    kind = nn.SyncBatchNorm if device.type == "cuda" else JointBatchNorm
    joint = kind(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
    for name, value in [*norm.named_parameters(), *norm.named_buffers()]:
        setattr(joint, name, value)
    return joint.train(norm.training)


def average_gradients(parameters: Iterable[nn.Parameter], share: Share) -> None:
    """Put the mean of every process's gradients in place of each, all in one message.

    Parameters without one, because their part of the objective rests, are left out: which ones must depend on the step
    alone, as everything that processes do together.
    """
    if share.processes == 1:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if not gradients:
        return
    mean = share.average(torch.cat([gradient.reshape(-1) for gradient in gradients]))
    parts = torch.split(mean, [gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view(gradient.shape))
