"""Factors of difficulty: four switches, written ``TCVL`` with ``-`` for off, and the dials that they set.

Source: Newell & Deng, CVPR 2020, supplement.
"""

from dataclasses import dataclass

from headstart.errors import ConfigError

__all__ = ["LETTERS", "Dials", "Factors"]

LETTERS = "TCVL"


@dataclass(frozen=True)
class Dials:
    """What the sampler reads, as numbers.

    textured: textures instead of flat colors. class_color: how much of the object's color tells its class, 0 to 1.
    background_color: whether the background's flat color is drawn. viewpoint: standard deviation of each Euler angle,
    radians. lighting: of the light's angle, radians. warp: of the relative change of each axis. scale: of the logarithm
    of an object's size.
    """

    textured: bool
    class_color: float
    background_color: bool
    viewpoint: float
    lighting: float
    warp: float = 0.1
    scale: float = 0.0


@dataclass(frozen=True)
class Factors:
    """Which of texture, color, viewpoint and lighting vary."""

    texture: bool = True
    color: bool = True
    viewpoint: bool = True
    lighting: bool = True

    @classmethod
    def parse(cls, text: str) -> "Factors":
        """``Factors.parse("TC-L")``. Raises ``ConfigError`` for anything else."""
        if len(text) != len(LETTERS) or any(
            given not in (letter, "-") for given, letter in zip(text, LETTERS, strict=True)
        ):
            raise ConfigError(
                f"factors '{text}' are not four of TCVL with - for off: write for example 'TC-L' or '----'"
            )
        return cls(*(given != "-" for given in text))

    def __str__(self) -> str:
        switches = (self.texture, self.color, self.viewpoint, self.lighting)
        return "".join(letter if on else "-" for letter, on in zip(LETTERS, switches, strict=True))

    def dials(self) -> Dials:
        """The numbers behind the switches."""
        return Dials(
            textured=self.texture,
            class_color=0.0 if self.color else 0.4 if self.texture else 1.0,
            background_color=self.color,
            viewpoint=0.5 if self.viewpoint else 0.0,
            lighting=2.0 if self.lighting else 0.0,
        )
