"""What a study says of images on their way to a network: augmentations and the color space. It needs no torch."""

from dataclasses import dataclass
from typing import Annotated, Literal

from headstart.errors import ConfigError
from headstart.schema import Schema
from headstart.space import Space

__all__ = ["AugmentConfig", "Color", "ColorSpace", "Normalisation", "resolve_color", "spaces_of"]

ColorSpace = Literal["lab", "rgb"]
Color = Literal["auto", "lab", "rgb"]


class AugmentConfig(Schema):
    """Which augmentations are on. The study has no ``rotate``, by quarter turns, and no ``zoom``, a resized crop."""

    crop: Annotated[bool, Space.choice(False, True, about="shifted by a few pixels")] = True
    flip: Annotated[bool, Space.choice(False, True, about="mirrored")] = True
    jitter: Annotated[bool, Space.choice(False, True, about="colors moved")] = True
    grayscale: Annotated[bool, Space.choice(False, True, about="colors gone")] = True
    cutout: Annotated[bool, Space.choice(False, True, about="a square erased")] = True
    rotate: bool = False
    zoom: Annotated[bool, Space.choice(False, True, about="a resized crop")] = False


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation per channel, in the units of a color space (Lab: L 0–100, a and b about ±100; rgb:
    0–255, whatever the type)."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


def resolve_color(color: Color, channels: int, dtype: str = "uint8") -> ColorSpace:
    """The space that images of ``channels`` are seen in: ``auto`` is Lab where there are three of whole numbers, else
    as they are, for of floats nothing tells that they are sRGB from 0 to 1.

    Raises ``ConfigError`` for Lab of any other number.
    """
    if color == "lab" and channels != 3:
        raise ConfigError(
            f"color is lab, which images of three channels have, and these have {channels}: "
            "set color to auto or rgb, which leaves channels as they are"
        )
    if color != "auto":
        return color
    return "lab" if channels == 3 and not dtype.startswith("float") else "rgb"


def spaces_of(channels: int) -> tuple[ColorSpace, ...]:
    """The color spaces that images of ``channels`` have."""
    return ("lab", "rgb") if channels == 3 else ("rgb",)
