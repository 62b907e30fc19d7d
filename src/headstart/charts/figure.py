"""A figure: panels that share axes and a legend, laid out side by side by whoever shows them."""

import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

import altair as alt
import vl_convert
from PIL import Image

from headstart.charts.direct import is_direct
from headstart.charts.layers import Spec, side_by_side
from headstart.charts.looks import Look
from headstart.charts.panels import MANY, Panel
from headstart.charts.theme import PAPER, Scheme, config

__all__ = ["LARGE", "Figure", "Layout"]

HIDDEN = "hidden"
HEAD = {"$schema": alt.SCHEMA_URL}
ROOM = {"left": 8, "right": 12, "top": 5, "bottom": 5}
"""Pixels around a picture, for a font that is wider after all."""
CHARACTER = 7.0
"""Pixels of a legend's letter, on average."""
NARROW = 310
PNG_SCALE = 2.0
"""Pixels of a picture for one of the screen's."""


class Layout(NamedTuple):
    """How many panels stand in a row at most, how large each is in pixels, and after how many letters titles wrap."""

    columns: int = 2
    width: int = 440
    height: int = 300
    letters: int = 44

    @classmethod
    def of(cls, panels: Sequence[Panel]) -> "Layout":
        """Few panels are large and in pairs; many are small, and as many in a row as the last varied key has values."""
        if len(panels) <= MANY:
            return LARGE
        last = {list(panel.varied.values())[-1] for panel in panels if panel.varied}
        return cls(len(last) if 2 <= len(last) <= 6 else 4, 200, 170, 27)

    @property
    def small(self) -> bool:
        return self.width < LARGE.width

    @property
    def on_page(self) -> int:
        """The width of a panel's picture in a page, which may be a telephone's: of a large one what leaves its words
        readable there, with names beside it."""
        return NARROW if self.width == LARGE.width else self.width

    def title(self, text: str) -> list[str]:
        """The lines of a panel's title."""
        return textwrap.wrap(text, self.letters)


LARGE = Layout()


@dataclass(frozen=True)
class Figure:
    """name: stem of its files. title and caption: one line each. panels: charts without a width, which share scales.

    legend: the arms in it. places: what each panel alone is about, as a ``Panel`` says; none where all are about all.
    """

    name: str
    title: str
    caption: str
    panels: tuple[Spec, ...] = field(repr=False)
    legend: tuple[Look, ...] = ()
    layout: Layout = LARGE
    places: tuple[Mapping[str, str], ...] = ()

    def page_specs(self) -> list[Spec]:
        """Vega-Lite specifications, one per panel, as wide as the elements they are put into; without a legend.

        Rows of arms whose names are in the list that their signal ``hidden`` has are not drawn. Arms are named in the
        page's legend alone, for it may be too narrow for more.
        """
        look = {"config": config(disable=True)}
        return [HEAD | look | _with_hidden(panel) | {"width": "container"} for panel in self.panels]

    def place(self, panel: int) -> Mapping[str, str]:
        """What the panel of that number alone is about."""
        return self.places[panel] if self.places else {}

    def static(self, scheme: Scheme = "light") -> Spec:
        """All panels as one chart of fixed size with a legend, for files, on light or on dark."""
        sized = [panel | {"width": self.layout.width} for panel in self.panels]
        chart = side_by_side(sized, columns=self.layout.columns, title=self.title, background=PAPER[scheme])
        shared = {"color": "shared", "shape": "shared", "strokeDash": "shared"}
        legend = {"resolve": {"scale": shared}} if self.legend else {}
        look = {"config": config(scheme, picture=True, columns=self._legend_columns()), "padding": ROOM}
        return HEAD | chart | legend | look

    def svg(self, scheme: Scheme = "light") -> str:
        """All panels as a picture, which says what it shows."""
        return _labelled(vl_convert.vegalite_to_svg(self.static(scheme)), f"{self.title}. {self.caption}")

    def pictures(self) -> list[str]:
        """A picture of each panel for a page, as SVG without background and legend."""
        look = {"config": config(picture=True, disable=True), "padding": ROOM}
        specs = [HEAD | look | panel | {"width": self.layout.on_page} for panel in self.panels]
        names = (": ".join(filter(None, (self.title, _text(spec)))) for spec in specs)
        return [_labelled(vl_convert.vegalite_to_svg(spec), name) for spec, name in zip(specs, names, strict=True)]

    def png(self) -> bytes:
        """A picture of twice the size. No network, no browser."""
        return bytes(vl_convert.vegalite_to_png(self.static(), scale=PNG_SCALE))

    def _repr_png_(self) -> tuple[bytes, dict[str, float]]:
        """What a notebook keeps and shows, wherever it is opened, at the size that it was drawn for."""
        picture = Image.open(io.BytesIO(self.png())).convert("RGB")
        file = io.BytesIO()
        picture.save(file, "png", optimize=True)  # a third of the bytes
        return file.getvalue(), {"width": picture.width / PNG_SCALE, "height": picture.height / PNG_SCALE}

    def _legend_columns(self) -> int:
        """As many names in a row as there is room for."""
        panels = min(self.layout.columns, len(self.panels))
        longest = max((len(look.title) for look in self.legend), default=0)
        return max(1, int(panels * self.layout.width / (CHARACTER * longest + 40)))


def _with_hidden(panel: Spec) -> Spec:
    """The panel with a signal that says which arms are hidden. Data without arms are drawn whatever it says."""
    layers = [
        layer | {"transform": [{"filter": f"indexof({HIDDEN}, datum.arm) < 0"}, *layer.get("transform", ())]}
        for layer in panel["layer"]
        if not is_direct(layer)
    ]
    drawn = {layer["data"]["name"] for layer in layers}
    datasets = {name: rows for name, rows in panel["datasets"].items() if name in drawn}
    return panel | {"layer": layers, "datasets": datasets, "params": [{"name": HIDDEN, "value": []}]}


def _labelled(picture: str, label: str) -> str:
    """An SVG with a text for who cannot see it."""
    return picture.replace("<svg ", f'<svg role="img" aria-label={quoteattr(label)} ', 1)


def _text(panel: Spec) -> str:
    """A panel's title in a line."""
    title = panel.get("title", "")
    lines = title["text"] if isinstance(title, dict) else title
    return lines if isinstance(lines, str) else " ".join(lines)
