"""The chart of ``learning.py``: accuracy against image-steps, a panel per variant, controls as labelled lines."""

import altair as alt
import pandas as pd

from headstart.charts.figure import Figure, Layout
from headstart.charts.looks import ArmScales, Looks, arm_scales
from headstart.charts.theme import WORD

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
    """What panels share: axes, and the looks of methods."""

    def __init__(self, table: pd.DataFrame, scales: ArmScales) -> None:
        self.scales = scales
        first, last = table["x"].min(), table["x"].max()
        marks = sorted({first, *table.loc[table["x"] > first, "x"]})
        label = f"datum.value <= {first} ? '0' : format(datum.value, '~s')"
        self.across = alt.X(
            "x:Q",
            scale=alt.Scale(type="log", domain=[first / 1.1, last * 1.1], nice=False),
            axis=alt.Axis(title="image-steps", grid=False, values=_spaced(marks), labelExpr=label),
        )
        self.scale = alt.Scale(domain=[float(table["low"].min()), float(table["high"].max())], nice=True, zero=False)
        self.up = alt.Y("accuracy:Q", scale=self.scale, title=TITLE, axis=alt.Axis(format=".0%", tickCount=6))

    def panel(self, variant: str, rows: pd.DataFrame) -> alt.LayerChart:
        """Bands, lines and points of methods over the lines of controls."""
        base = alt.Chart(rows[rows["role"] == "compared"]).encode(
            x=self.across, color=alt.Color("line:N", scale=self.scales.color)
        )
        band = base.mark_area(opacity=0.16).encode(y=alt.Y("low:Q", scale=self.scale, title=TITLE), y2="high:Q")
        line = base.mark_line(strokeWidth=2).encode(y=self.up)
        points = base.mark_point(filled=True, size=55, opacity=1).encode(
            y=self.up,
            shape=alt.Shape("line:N", scale=self.scales.shape),
            tooltip=[alt.Tooltip("line:N", title="method")]
            + [alt.Tooltip(f"{name}:Q", title=title, format=FORMATS[name]) for name, title in FIELDS.items()],
        )
        drawn = alt.layer(*self.controls(rows[rows["role"] == "control"]), band, line, points)
        return drawn.properties(title=variant, height=LAYOUT.height)

    def controls(self, rows: pd.DataFrame) -> list[alt.Chart]:
        """A dashed line each, named at its right end on the side where no other control is."""
        charts = []
        for row in rows.to_dict("records"):
            base = alt.Chart(pd.DataFrame([row])).encode(y=self.up)
            above = row["accuracy"] >= rows["accuracy"].max()
            side = {"baseline": "bottom", "dy": -3} if above else {"baseline": "top", "dy": 3}
            text = base.mark_text(align="right", color=WORD, fontSize=11, x=LAYOUT.width - 2, **side)
            charts += [base.mark_rule(color=WORD, strokeDash=[6, 4]), text.encode(text="arm:N")]
        return charts


def _spaced(marks: list[float]) -> list[float]:
    """Every other mark, the last among them, and the first, which is 0."""
    return sorted({marks[0], *marks[:0:-2]})
