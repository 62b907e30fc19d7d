"""Maps that were predicted, drawn so that they can be compared with the truth: its colors, its scale."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor

from headstart.data.viewing.overlays import (
    DEPTH_COLORS,
    depth_limits,
    depth_picture,
    mask_color,
    masks_over,
    picture_of,
)

__all__ = ["COMPARISONS", "Comparison", "Swatch"]

Maps = Sequence[Tensor]


class Swatch(NamedTuple):
    """A color (``#rrggbb``) and what it means."""

    name: str
    color: str


class Comparison(NamedTuple):
    """How maps of a target are shown.

    draw: the pictures of an image ``[C, H, W]`` and of maps ``[H, W]``, the first of which is the truth. legend: what
    the colors in maps ``[n, H, W]`` mean, given names of classes. note: what else a reader has to know.
    """

    draw: Callable[[Tensor, Maps], list[Image.Image]]
    legend: Callable[[Maps, Sequence[str]], tuple[Swatch, ...]]
    note: str


def _masks(image: Tensor, maps: Maps) -> list[Image.Image]:
    """Every class in the color that it has everywhere."""
    return [masks_over(picture_of(image), mask.numpy()) for mask in maps]


def _classes(maps: Maps, classes: Sequence[str]) -> tuple[Swatch, ...]:
    """The classes that occur, by number."""
    names = ["background", *classes]
    numbers = torch.unique(torch.cat([mask.flatten() for mask in maps])).tolist()
    return tuple(Swatch(names[number], "#{:02x}{:02x}{:02x}".format(*mask_color(number))) for number in numbers)


def _depths(image: Tensor, maps: Maps) -> list[Image.Image]:
    """All maps on the scale of the first."""
    truth, *others = (depths.float().numpy() for depths in maps)
    size, limits = (image.shape[-1], image.shape[-2]), depth_limits(truth)
    return [depth_picture(depths, size, limits) for depths in (truth, *others)]


def _distances(maps: Maps, classes: Sequence[str]) -> tuple[Swatch, ...]:
    del maps, classes
    return tuple(map(Swatch, ("near", "halfway", "far"), reversed(DEPTH_COLORS)))


COMPARISONS: dict[str, Comparison] = {
    "semantic": Comparison(_masks, _classes, "A class has the same color in all pictures."),
    "depth": Comparison(
        _depths,
        _distances,
        "A row has one scale, from the nearest to the farthest point of its truth; predictions beyond these have their "
        "colors.",
    ),
}
"""By the name of a task's target; maps of any other target are not shown."""
