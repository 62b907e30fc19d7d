"""What tests ask of colors: how far apart they are, on what they can be read, and how color-blind readers see them."""

import re

import numpy as np

__all__ = ["as_seen", "channels", "contrast", "distance", "over"]

# Machado, Oliveira & Fernandes, "A physiologically-based model for simulation of color vision deficiency" (2009), full
# severity, on linear channels.
VISION = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])


def channels(color: str) -> tuple[np.ndarray, float]:
    """Red, green and blue from 0 to 1, and opacity, of ``#rrggbb``, ``rgb(1, 2, 3)`` or ``rgba(1, 2, 3, 0.4)``."""
    if color.startswith("#"):
        return np.array([int(color[start : start + 2], 16) for start in (1, 3, 5)]) / 255, 1.0
    numbers = [float(number) for number in re.findall(r"[\d.]+", color)]
    return np.array(numbers[:3]) / 255, numbers[3] if len(numbers) > 3 else 1.0


def over(color: str, paper: str, opacity: float = 1.0) -> str:
    """What a color that may be seen through comes to on another."""
    front, share = channels(color)
    mixed = opacity * share * front + (1 - opacity * share) * channels(paper)[0]
    return "rgb({}, {}, {})".format(*np.round(255 * mixed).astype(int))


def contrast(one: str, other: str) -> float:
    """The ratio of two opaque CSS colors' luminances (WCAG 2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    return float(TO_XYZ[1] @ linear(channels(color)[0]))


def linear(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def as_seen(color: str, vision: str) -> str:
    """A color as somebody sees it who has no cones of one kind."""
    found = np.clip(np.array(VISION[vision]) @ linear(channels(color)[0]), 0, 1)
    coded = np.where(found <= 0.0031308, 12.92 * found, 1.055 * found ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(255 * value):02x}" for value in coded)


def distance(one: str, other: str) -> float:
    """In CIE Lab."""
    return float(np.linalg.norm(lab(one) - lab(other)))


def lab(color: str) -> np.ndarray:
    scaled = TO_XYZ @ linear(channels(color)[0]) / WHITE
    bent = np.where(scaled > (6 / 29) ** 3, np.cbrt(scaled), scaled * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * bent[1] - 16, 500 * (bent[0] - bent[1]), 200 * (bent[1] - bent[2])])
