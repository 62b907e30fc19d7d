"""Where networks put test images: a panel per arm, a point per image, in its class's color."""

from collections.abc import Iterator, Sequence

import altair as alt
import pandas as pd

from headstart.charts.figure import Figure, Layout
from headstart.charts.layers import Spec, layered
from headstart.charts.looks import NO_LINE, Look, Looks, distinct_colors
from headstart.charts.names import varied_text
from headstart.charts.panels import Panel, differing, places_of
from headstart.charts.text import percent
from headstart.charts.theme import GRAY

__all__ = ["map_figure"]

COLORED = 12
"""Classes at most that have a color of their own."""
POINTS = 8000
"""In all panels together: more would make a page slow."""
OTHER = "all other classes"
COLUMNS, FEW = 4, 3
"""Panels in a row, and where there are no more than these few, in one."""


def map_figure(maps: pd.DataFrame, looks: Looks, *, varied: Sequence[str] = ()) -> Figure:
    """Points from the table of maps: ``arm, x, y, class, share_x, share_y`` and what a suite varies."""
    if maps.empty:
        return Figure("map", "Map of features", "", ())
    table = looks.named(_thinned(maps, [*varied, "arm"]))
    common = [str(name) for name in table["class"].value_counts().index]
    named = common if len(common) <= COLORED else common[: COLORED - 1]
    legend = [Look(name, color, "circle", NO_LINE) for name, color in distinct_colors(named).items()]
    if others := set(common) - set(named):
        legend.append(Look(OTHER, GRAY, "circle", NO_LINE))
    panels = list(_panels(table.assign(color=table["class"].replace(dict.fromkeys(others, OTHER))), varied))
    layout = Layout(COLUMNS if len(panels) > FEW else FEW, 250, 240, 30)
    drawn = tuple(_chart(panel, legend, layout) for panel in panels)
    caption = _caption(len(named), len(common))
    return Figure("map", "Map of features", caption, drawn, tuple(legend), layout, places_of(panels))


def _thinned(maps: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """As many points of each map, in equal distances, as there is room for."""
    number = maps.groupby(keys, sort=False).cumcount()
    step = -(-len(maps) // POINTS)
    return maps[number % step == 0]


def _caption(named: int, count: int) -> str:
    told = (
        "Frozen features of test images, in the two directions in which they differ most (principal components). "
        "Classes that lie apart here can be told by few labels; ones that do not may still differ in other directions."
    )
    return f"{told} In color: the {named} commonest of {count} classes." if named < count else told


def _panels(table: pd.DataFrame, varied: Sequence[str]) -> Iterator[Panel]:
    keys = differing(table, varied)
    for _, rows in table.groupby([*varied, "arm"], sort=False):
        first = rows.iloc[0]
        shown = percent(round(100 * float(first["share_x"] + first["share_y"])) / 100)
        values = {key: str(first[key]) for key in keys}
        parts = [first["line"], *([varied_text(values)] if values else [])]
        yield Panel(f"{', '.join(parts)}: {shown} of variance", values, rows, {"arm": str(first["arm"])})


def _chart(panel: Panel, legend: Sequence[Look], layout: Layout) -> Spec:
    rows = panel.rows[["x", "y", "class", "color"]]
    scale = alt.Scale(domain=[look.title for look in legend], range=[look.color for look in legend])
    side = alt.Scale(domain=[0, max(rows["x"].max(), rows["y"].max())], nice=False)
    points = alt.Chart(rows).mark_circle(size=18, opacity=0.75)
    points = points.encode(
        x=alt.X("x:Q", axis=None, scale=side),
        y=alt.Y("y:Q", axis=None, scale=side),
        color=alt.Color("color:N", scale=scale),
        tooltip=[alt.Tooltip("class:N")],
    )
    return layered(points, title=layout.title(panel.title), height=layout.height)
