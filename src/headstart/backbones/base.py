"""What every backbone is: a network from images to features, pooled and per location."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from headstart.backbones.traits import BackboneConfig, BackboneTraits
from headstart.errors import ConfigError

__all__ = ["Backbone", "BackboneConfig", "Features", "seeded_init"]


@dataclass(frozen=True)
class Features:
    """What a backbone makes of B images.

    pooled: ``[B, D]``, one vector per image. dense: ``[B, E, h, w]``, one per location. Of every kind in ``BACKBONES``
    E is D and ``pooled`` the mean of ``dense``.
    stages: the maps between blocks ``[B, channels, height, width]``, shallow to deep.
    """

    pooled: Tensor
    dense: Tensor
    stages: tuple[Tensor, ...] = ()


class Backbone(BackboneTraits, nn.Module, ABC):
    """A network ``[B, in_channels, H, W] -> Features`` with ``dim`` features per image, ``dense_dim`` per location.

    Children set ``name``, ``Config`` and ``min_resolution`` (pixels), take ``(config, in_channels)`` and implement
    ``features``. Weights are drawn from torch's default stream: build inside ``seeded_init``.
    ``stage_channels``: channels of each map in ``Features.stages``. ``local_stages``: which two of them stand for the
    7x7 and the 5x5 neighbourhoods that local objectives compare (AMDIM); ``None`` for a backbone without such maps.
    ``remedy``: what else than larger images helps where they are too small, if anything.
    """

    remedy: ClassVar[str] = ""
    min_resolution: int
    in_channels: int
    dim: int
    stage_channels: tuple[int, ...] = ()
    local_stages: tuple[int, int] | None = None

    def __init__(self, *, in_channels: int, dim: int) -> None:
        super().__init__()
        self.in_channels, self.dim = in_channels, dim

    @property
    def dense_dim(self) -> int:
        """Features per location: as many as per image, where an image's are the mean of its locations'."""
        return self.dim

    def adopted(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """``tensors`` of the same network in a layout of others, under this one's names and in its sizes, as far as it
        knows that layout; by default it knows none."""
        return tensors

    @abstractmethod
    def features(self, images: Tensor) -> Features:
        """Features of float images ``[B, in_channels, H, W]`` of a resolution that was checked."""

    def forward(self, images: Tensor) -> Features:
        """Features of float images ``[B, in_channels, H, W]``; see ``check_input`` for what is refused."""
        self.check_input(int(images.shape[1]), min(images.shape[-2:]))
        return self.features(images)

    def check_input(self, channels: int, resolution: int) -> None:
        """Raise ``ConfigError`` unless images of this many channels and pixels a side fit the network."""
        if resolution < self.min_resolution:
            raise ConfigError(
                f"resolution {resolution} is too small for backbone '{self.name}': "
                f"use images of at least {self.min_resolution} px{', ' + self.remedy if self.remedy else ''}"
            )
        if channels != self.in_channels:
            raise ConfigError(
                f"backbone '{self.name}' was built for {self.in_channels} channels and the images have {channels}: "
                f"set in_channels to {channels}"
            )


@contextmanager
def seeded_init(generator: torch.Generator) -> Iterator[None]:
    """Modules built inside draw their starting weights from ``generator``, and the global stream stays untouched.

    torch's layers know only the default CPU stream, so it is lent a seed from ``generator`` and then put back. Modules
    must be built on the CPU, which also makes the weights the same whatever device they move to.

    >>> from torch import Generator, nn
    >>> with seeded_init(Generator().manual_seed(1)):
    ...     head = nn.Linear(64, 10)
    """
    seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
