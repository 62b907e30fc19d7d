"""The chart of ``learning.py``: accuracy against image-steps, a panel per variant, controls as labelled lines."""

import altair as alt
import pandas as pd

from headstart.charts.figure import Figure, Layout
from headstart.charts.layers import Spec, layered
from headstart.charts.looks import ArmScales, Looks, arm_scales
from headstart.charts.theme import GRAY

LAYOUT = Layout(columns=3, width=320, height=300)
TITLE = "kNN accuracy, validation images"
FIELDS = {"images": "image-steps", "accuracy": "accuracy", "error": "standard error", "effective_rank": "rank"}
FORMATS = {"images": ",", "accuracy": ".1%", "error": ".1%", "effective_rank": ".1f"}


def learning_figure(points: pd.DataFrame, looks: Looks) -> Figure:
    """A panel per variant from rows of ``variant, arm, role, images, accuracy, error, effective_rank``.

    Bands are one standard error. What was seen before the first step stands left of the logarithmic axis, at 0.
    """
    table = looks.named(points)
    smallest = float(table.loc[table["images"] > 0, "images"].min())
    table = table.assign(
        x=table["images"].where(table["images"] > 0, smallest / 2),
        low=table["accuracy"] - table["error"],
        high=table["accuracy"] + table["error"],
    )
    legend = looks.of(table.loc[table["role"] == "compared", "line"])
    axes = _Axes(table, arm_scales(legend))
    panels = tuple(axes.panel(str(variant), rows) for variant, rows in table.groupby("variant", sort=False))
    caption = "Nearest neighbors on frozen features; bands are ± 1 standard error."
    return Figure(
        "learning", "What features tell, against image-steps of pretraining", caption, panels, tuple(legend), LAYOUT
    )


class _Axes:
    """What panels share: the axis of image-steps, and the looks of methods."""

    def __init__(self, table: pd.DataFrame, scales: ArmScales) -> None:
        self.scales = scales
        first, last = table["x"].min(), table["x"].max()
        label = f"datum.value <= {first} ? '0' : format(datum.value, '~s')"
        self.across = alt.X(
            "x:Q",
            scale=alt.Scale(type="log", domain=[first / 1.1, last * 1.1], nice=False),
            axis=alt.Axis(title="image-steps", grid=False, values=_spaced(table), labelExpr=label),
        )

    def panel(self, variant: str, rows: pd.DataFrame) -> Spec:
        """Bands, lines and points of methods over the lines of controls; its own axis of accuracy."""
        scale = alt.Scale(domain=[float(rows["low"].min()), float(rows["high"].max())], nice=True, zero=False)
        up = alt.Y("accuracy:Q", scale=scale, title=TITLE, axis=alt.Axis(format=".0%", tickCount=6))
        base = alt.Chart(rows[rows["role"] == "compared"]).encode(
            x=self.across, color=alt.Color("line:N", scale=self.scales.color)
        )
        band = base.mark_area(opacity=0.16).encode(y=alt.Y("low:Q", scale=scale, title=TITLE), y2=alt.Y2("high:Q"))
        line = base.mark_line(strokeWidth=2).encode(y=up)
        points = base.mark_point(filled=True, size=55, opacity=1).encode(
            y=up, shape=alt.Shape("line:N", scale=self.scales.shape), tooltip=_tooltips()
        )
        controls = _controls(rows[rows["role"] == "control"], up)
        return layered(*controls, band, line, points, title=variant, height=LAYOUT.height)


def _controls(rows: pd.DataFrame, up: alt.Y) -> list[alt.Chart]:
    """A dashed line each, named beside its right end; of two close ones the upper name stands higher."""
    charts = []
    for rank, row in enumerate(rows.sort_values("accuracy").to_dict("records")):
        base = alt.Chart(pd.DataFrame([row])).encode(y=up)
        side = "top" if rank == 0 and len(rows) > 1 else "bottom"
        text = base.mark_text(align="left", baseline=side, fontSize=11, x=LAYOUT.width + 4, clip=False)
        charts += [base.mark_rule(color=GRAY, strokeDash=[6, 4]), text.encode(text=alt.Text("arm:N"))]
    return charts


def _tooltips() -> list[alt.Tooltip]:
    numbers = [alt.Tooltip(f"{name}:Q", title=title, format=FORMATS[name]) for name, title in FIELDS.items()]
    return [alt.Tooltip("line:N", title="method"), *numbers]


def _spaced(table: pd.DataFrame) -> list[float]:
    """Every other look of the longest run, the last among them, and the first, which is 0."""
    method = table[table["role"] == "compared"].reset_index(drop=True)
    marks = sorted(method.loc[method["piece"] == method["piece"][method["x"].idxmax()], "x"])
    return [marks[0], *marks[:1:-2][::-1]]
