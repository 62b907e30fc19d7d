"""How each arm of a report looks: the same in every chart, and unlike every other arm."""

import colorsys
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import altair as alt
import pandas as pd
import torch

from headstart.charts.names import arm_titles
from headstart.charts.panels import REFERENCE_SUFFIX
from headstart.charts.theme import GRAY
from headstart.data.transforms.color import convert

__all__ = ["NO_LINE", "SHAPES", "Look", "Looks", "arm_looks", "arm_scales", "distinct_colors"]

# Okabe and Ito's palette without its yellow, which white swallows: told apart by color-blind readers, and readable on
# white and on near-black.
METHODS = {
    "rotation": "#0080c6",
    "cmc": "#d55e00",
    "vae": "#009e73",
    "amdim": "#cc79a7",
    "simclr": "#e69f00",
    "byol": "#56b4e9",
    "barlow_twins": "#8a6fc9",
    "vicreg": "#a6761d",
    "simmim": "#c23b4e",
    "distill": "#7a8b00",
}
STAR = (
    "M0,-1L0.294,-0.405L0.951,-0.309L0.476,0.155L0.588,0.809L0,0.5L-0.588,0.809L-0.476,0.155L-0.951,-0.309"
    "L-0.294,-0.405Z"
)
PENTAGON = "M0,-1L0.951,-0.309L0.588,0.809L-0.588,0.809L-0.951,-0.309Z"
HOURGLASS, BAR, PILLAR = "M-0.8,-0.9H0.8L-0.8,0.9H0.8Z", "M-1,-0.4H1V0.4H-1Z", "M-0.4,-1H0.4V1H-0.4Z"
SHAPES = {
    "circle": "M-0.8,0A0.8,0.8,0,1,0,0.8,0A0.8,0.8,0,1,0,-0.8,0Z",
    "square": "M-0.75,-0.75H0.75V0.75H-0.75Z",
    "diamond": "M0,-1L1,0L0,1L-1,0Z",
    "cross": "M-0.9,-0.35H-0.35V-0.9H0.35V-0.35H0.9V0.35H0.35V0.9H-0.35V0.35H-0.9Z",
    "triangle-right": "M-0.7,-0.9L0.9,0L-0.7,0.9Z",
    "triangle-left": "M0.7,-0.9L-0.9,0L0.7,0.9Z",
    **{path: path for path in (STAR, PENTAGON, HOURGLASS, BAR, PILLAR)},
}
"""By the name that Vega has for a shape, its outline between −1 and 1."""
METHOD_SHAPES = [name for name in SHAPES if name != "circle"]
"""A shape for each method, for there are more methods than colors that every reader tells apart."""
FREE = ("simmim", "distill", "vicreg", "barlow_twins", "byol", "simclr", "amdim", "vae", "cmc", "rotation")
"""Whose colors arms with names of their own get first: those that are seldom met, so that one that readers know stays
one method's."""
ROLES = ("baseline", "control", "compared")
SOLID, NO_LINE = (1, 0), (0, 1)
CONTROLS = {"random": (6, 4), "patches": (8, 3, 2, 3), "blind": (2, 3)}
"""Dashes of what numbers are read against; it is gray, as is the baseline, whose line is solid."""
CONTROL_SHAPES = {"random": "triangle-left", "patches": "square", "blind": STAR}
OTHER_CONTROL, OTHER_PROTOCOL = (8, 3, 2, 3, 2, 3), (1, 3)
LIGHTNESS = (-0.17, 0.17, -0.09, 0.09)
LIGHTEST, DARKEST = 0.72, 0.24
APART = 22.0
"""Least distance in Lab between the colors of two arms, where there are colors enough."""


class Look(NamedTuple):
    """What an arm is called, and the color (``#rrggbb``), shape of points and dashes of its line. arm: its name."""

    title: str
    color: str
    shape: str
    dash: tuple[int, ...] = SOLID
    arm: str = ""


class Looks(NamedTuple):
    """titles: by name of an arm. lines: by title."""

    titles: dict[str, str]
    lines: dict[str, Look]

    def named(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with ``line``, the titles of its arms."""
        return table.assign(line=table["arm"].map(self.titles))

    def of(self, lines: Iterable[str]) -> list[Look]:
        """The looks of the lines, each once, in the order of the report."""
        shown = set(lines)
        return [look for look in self.lines.values() if look.title in shown]


class ArmScales(NamedTuple):
    """Color, shape of points and dashes of lines by title."""

    color: alt.Scale
    shape: alt.Scale
    dash: alt.Scale


def arm_scales(looks: list[Look]) -> ArmScales:
    """The scales of a chart that shows these arms."""
    titles = [look.title for look in looks]
    ranges = [look.color for look in looks], [look.shape for look in looks], [list(look.dash) for look in looks]
    return ArmScales(*(alt.Scale(domain=titles, range=values) for values in ranges))


def arm_looks(*tables: pd.DataFrame) -> Looks:
    """The looks of all arms in tables with ``arm``, ``method`` and, of those that are not compared, ``role``.

    What numbers are read against is gray. An arm that is called like its method has the method's color. Any other has
    one of its own: another lightness of its method's, or else the next color that is free; and a shape that is free.
    """
    arms = _arms(tables)
    titles = arm_titles(arm.name for arm in arms)
    looks: dict[_Arm, Look] = {}
    for arm in sorted(
        arms, key=lambda arm: (ROLES.index(arm.role), arm.name != arm.method or arm.method not in METHODS)
    ):
        looks[arm] = _look(arm, titles[arm.name], looks)._replace(arm=arm.name)
    shown = [looks[arm] for arm in sorted(arms, key=lambda arm: ROLES.index(arm.role))]
    # The baseline's whole networks, where a panel of probes has its probe too.
    whole = [
        looks[arm]._replace(title=titles[arm.name] + REFERENCE_SUFFIX, dash=OTHER_PROTOCOL)
        for arm in arms
        if arm.role == "baseline"
    ]
    return Looks(titles, {look.title: look for look in (*whole, *shown)})


def distinct_colors(names: Iterable[str]) -> dict[str, str]:
    """A color for each name, told apart from all others, as far as there are as many, and from gray."""
    colors: dict[str, str] = {}
    for name in names:
        colors[name] = _color("", [GRAY, *colors.values()])
    return colors


class _Arm(NamedTuple):
    name: str
    method: str
    role: str


def _arms(tables: Iterable[pd.DataFrame]) -> list[_Arm]:
    """Every arm once. Where a suite compares what is a baseline elsewhere, it is compared."""
    rows = pd.concat([table.reindex(columns=["arm", "method", "role"]) for table in tables])
    rows = rows.assign(role=rows["role"].fillna("unknown")).drop_duplicates()
    arms = []
    for name, same in rows.groupby("arm", sort=False):
        roles = set(same["role"]) - {"unknown"} or {"compared"}
        arms.append(_Arm(str(name), str(same["method"].iloc[0]), "compared" if "compared" in roles else min(roles)))
    return arms


def _look(arm: _Arm, title: str, others: Mapping[_Arm, Look]) -> Look:
    """The look of an arm beside those that have theirs already."""
    related = [look.shape for other, look in others.items() if other.method == arm.method]
    used = [look.shape for look in others.values()]

    def free(shapes: Iterable[str]) -> str:
        return min(shapes, key=lambda name: (name in related, used.count(name)))

    if arm.role == "baseline":
        return Look(title, GRAY, free(SHAPES))
    shape = free(reversed(SHAPES))
    if arm.role == "control":
        return Look(title, GRAY, CONTROL_SHAPES.get(arm.name, shape), CONTROLS.get(arm.name, OTHER_CONTROL))
    color = _color(arm.method, [GRAY, *(look.color for look in others.values())])
    if color == METHODS.get(arm.method) or arm.name == arm.method in METHODS:
        shape = METHOD_SHAPES[list(METHODS).index(arm.method)]
        color = METHODS[arm.method]
    return Look(title, color, shape)


def _color(method: str, used: list[str]) -> str:
    """A lightness of the method's color, or else a free color, that is told apart from all that are used."""
    if method in METHODS:
        candidates = list(_lightnesses(METHODS[method]))
    else:
        colors = [METHODS[name] for name in FREE]
        candidates = [*colors, *(other for color in colors for other in _lightnesses(color))]
    nearest = torch.cdist(_lab(candidates), _lab(used)).amin(dim=1)
    apart = torch.nonzero(nearest >= APART).flatten().tolist()
    return candidates[apart[0] if apart else int(nearest.argmax())]


def _lightnesses(color: str) -> Iterator[str]:
    """The color itself, and it darker and lighter, as far as it can still be seen on white and on near-black."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(color))
    for change in (0.0, *LIGHTNESS):
        changed = min(max(lightness + change, DARKEST), LIGHTEST)
        rgb = colorsys.hls_to_rgb(hue, changed, saturation) if change else _channels(color)
        yield "#" + "".join(f"{round(255 * channel):02x}" for channel in rgb)


def _lab(colors: list[str]) -> torch.Tensor:
    """``[N, 3]``, in which equal distances look about equally large."""
    return convert(torch.tensor([_channels(color) for color in colors])[:, :, None, None], "lab").flatten(1)


def _channels(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue
