"""Figures as files: SVG and PNG for papers and slides, JSON for whoever draws them anew. No network, no browser."""

import json
from pathlib import Path

import vl_convert

from headstart.charts.figure import Figure
from headstart.files import write_atomic

__all__ = ["save_figure"]


def save_figure(figure: Figure, folder: Path) -> None:
    """Write ``NAME.svg``, ``NAME.png`` (twice the size) and ``NAME.json`` (Vega-Lite) into ``folder``.

    >>> save_figure(figure, Path("charts"))  # doctest: +SKIP
    """
    folder.mkdir(parents=True, exist_ok=True)
    specification = figure.static().to_dict()
    write_atomic(folder / f"{figure.name}.json", json.dumps(specification, indent=1).encode())
    write_atomic(folder / f"{figure.name}.svg", vl_convert.vegalite_to_svg(specification).encode())
    write_atomic(folder / f"{figure.name}.png", figure.png())
