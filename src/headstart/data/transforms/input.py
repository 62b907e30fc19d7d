"""What a network expects of images, and how batches of raw ones become that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headstart.data.transforms.config import ColorSpace, Normalisation
from headstart.errors import ConfigError, DataError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["AS_THEY_COME", "ImageInput", "Preparation"]

WHITE = 255.0


@dataclass(frozen=True)
class Preparation:
    """From raw images to batches for a network.

    color, by: the space, and what is subtracted and divided by there; ``None``: floats stay what they are. channels: a
    gray image is repeated to as many. resolution: pixels per side, bilinear with smoothing. ``None``: as they come.
    device: where it happens; ``None``: where images are.
    """

    color: ColorSpace | None = None
    by: Normalisation | None = None
    channels: int | None = None
    resolution: int | None = None
    device: torch.device | None = None

    def __call__(self, raw: Tensor) -> Tensor:
        """float32 ``[B, C, H, W]``, channels-last, of uint8, uint16 or float32 ``[B, C, H, W]``."""
        import torch
        import torch.nn.functional as F

        from headstart.data.transforms.color import normalise

        raw = raw.to(self.device, non_blocking=True) if self.device else raw
        if self.channels and raw.shape[1] != self.channels:
            raw = raw.expand(-1, self.channels, -1, -1)
        images = normalise(raw, self.color, self.by) if self.color and self.by else raw.float()
        if self.resolution and images.shape[-1] != self.resolution:
            images = F.interpolate(images, size=2 * [self.resolution], mode="bilinear", antialias=True)
        return images.contiguous(memory_format=torch.channels_last)

    def anew(self, batch: Tensor, seen: Preparation) -> Tensor:
        """What this makes of images of which ``seen`` made ``batch``, which may have been augmented since.

        Within a color space means and deviations are exchanged, and nothing else; from one to the other it goes through
        the colors that the batch shows. A resolution is reached from the batch's own.
        """
        from headstart.data.transforms.color import exchange, restore

        if self.color == seen.color:
            alike = exchange(batch, seen.by, self.by) if seen.by and self.by else batch
            return replace(self, color=None, by=None)(alike)
        assert seen.color is not None, "what is no color cannot become one"
        assert seen.by is not None, "what is no color cannot become one"
        return self(restore(batch, seen.color, seen.by))


AS_THEY_COME = Preparation()


@dataclass(frozen=True)
class ImageInput:
    """What a network expects of images.

    color: the space. mean, deviation: per channel in the space's units (``rgb``: 0–255, so numbers for 0–1 times 255);
    ``None``: those of the training split. channels, resolution: ``None``: as images come. Raises ``ConfigError`` for
    numbers that do not go together.
    """

    color: ColorSpace
    mean: tuple[float, ...] | None = None
    deviation: tuple[float, ...] | None = None
    channels: int | None = None
    resolution: int | None = None

    def __post_init__(self) -> None:
        if (self.mean is None) != (self.deviation is None):
            raise ConfigError("a network's input has a mean without a deviation, or the other way round: give both")
        if self.mean is not None and self.deviation is not None:
            if len(self.mean) != len(self.deviation) or len(self.mean) != (self.channels or len(self.mean)):
                raise ConfigError(
                    f"a network's input has {len(self.mean)} means and {len(self.deviation)} deviations for "
                    f"{self.channels or len(self.mean)} channels: give one of each per channel"
                )
            if not min(self.deviation) > 0:
                raise ConfigError(f"a network's input has the deviation {min(self.deviation)}: it must be above 0")

    def check(self, channels: int) -> None:
        """Raises ``ConfigError`` for images of ``channels`` that cannot become what the network expects."""
        if self.channels not in (None, channels) and channels != 1:
            raise ConfigError(
                f"the network expects images of {self.channels} channels and these have {channels}: choose other "
                "weights, or images of as many (gray ones can become any number)"
            )
        if self.color == "lab" and channels != 3:
            raise ConfigError(f"the network expects Lab and images of {channels} channels have none: set color to rgb")
        if self.mean is not None and len(self.mean) != (self.channels or channels):
            raise ConfigError(
                f"the network expects {len(self.mean)} means and images have {channels} channels: give one for each"
            )

    def preparation(
        self, channels: int, normalisations: Mapping[str, Normalisation], device: torch.device | None = None
    ) -> Preparation:
        """How images of ``channels`` are prepared, whose training split has these ``normalisations`` by color space.

        Raises ``DataError`` where these images have no such space, or other units than the network was made for.
        """
        self.check(channels)
        if self.mean is not None and self.deviation is not None:
            _refuse_other_units(normalisations)
            by = Normalisation(self.mean, self.deviation)
        elif self.color not in normalisations:
            raise DataError(
                f"images hold values below 0, which are no light, and color is {self.color}: set color to rgb, or "
                "bring them into 0 to 1"
            )
        else:
            repeated = (self.channels or channels) // channels
            by = Normalisation(normalisations[self.color].mean * repeated, normalisations[self.color].std * repeated)
        return Preparation(self.color, by, self.channels, self.resolution, device)


def _refuse_other_units(normalisations: Mapping[str, Normalisation]) -> None:
    """Raise ``DataError`` for images that statistics of others would not center: those are of colors from 0 to 255, of
    which a float's 1.0 is the last."""
    mean = normalisations["rgb"].mean if "rgb" in normalisations else ()
    if any(not 0 <= value <= WHITE for value in mean):
        shown = ", ".join(f"{value / WHITE:.3g}" for value in mean)
        raise DataError(
            f"images have channels of mean {shown}, and the network was made for values of 0 to 1: divide them by what "
            "white is, or undo their normalisation"
        )
