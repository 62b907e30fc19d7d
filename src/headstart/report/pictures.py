"""Charts as pictures inside a page, in the page's own colors, where it runs no script."""

import re
from typing import NamedTuple

from headstart.charts import Figure

__all__ = ["Picture", "pictures_of"]

WIDEST = 470
ROOT = re.compile(r'<svg [^>]*?\bwidth="([\d.]+)" height="([\d.]+)"[^>]*>')
FOREIGN = re.compile(r'\s(?:xmlns(?::\w+)?|version|class)="[^"]*"')
NAMED = re.compile(r'(\bid="|url\(#)')


class Picture(NamedTuple):
    """svg: markup, to be put into a page as it is. width: in pixels, as it was drawn."""

    svg: str
    width: int

    @property
    def wide(self) -> bool:
        """Whether a telephone would show its words too small, so that it is moved sideways there."""
        return self.width > WIDEST


def pictures_of(figure: Figure, name: str) -> list[Picture]:
    """A picture of each panel. name: unlike that of any other chart of the page, for what is named in them."""
    return [_within(svg, f"{name}-{place}") for place, svg in enumerate(figure.pictures())]


def _within(svg: str, name: str) -> Picture:
    """An SVG that stands alone as a part of a page: names of its own, and none of what a page knows already."""
    root = ROOT.search(svg)
    assert root, "the picture has a size"
    head = FOREIGN.sub("", root[0])
    body = NAMED.sub(rf"\g<1>{name}-", svg[root.end() :])
    return Picture(head + body, round(float(root[1])))
