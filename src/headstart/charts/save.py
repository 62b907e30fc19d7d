"""Figures as files: SVG and PNG for papers and slides, JSON for whoever draws them anew. No network, no browser."""

import json
from collections.abc import Sequence
from pathlib import Path

import vl_convert

from headstart.charts.figure import PNG_SCALE, Figure
from headstart.charts.theme import Scheme
from headstart.files import write_atomic

__all__ = ["save_figure"]


def save_figure(figure: Figure, folder: Path, schemes: Sequence[Scheme] = ("light",)) -> None:
    """Write ``NAME.svg``, ``NAME.png`` (twice the size) and ``NAME.json`` (Vega-Lite) into ``folder``.

    schemes: for what pages; pictures for dark ones are called ``NAME-dark.svg`` and ``NAME-dark.png``.

    >>> save_figure(figure, Path("charts"))  # doctest: +SKIP
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / f"{figure.name}.json", json.dumps(figure.static()).encode())
    for scheme in schemes:
        stem = figure.name if scheme == "light" else f"{figure.name}-{scheme}"
        picture = figure.svg(scheme)
        write_atomic(folder / f"{stem}.svg", picture.encode())
        write_atomic(folder / f"{stem}.png", bytes(vl_convert.svg_to_png(picture, scale=PNG_SCALE)))
