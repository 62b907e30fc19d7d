"""Regions of a plot of utility that no budget of the baseline measures: shaded, and named where they are seen."""

from collections.abc import Callable
from typing import Any, NamedTuple

import altair as alt
import numpy as np
import pandas as pd

from headstart.charts.marks import beside
from headstart.charts.theme import GRAY, labels_axis, labels_domain

__all__ = ["Unmeasurable"]

AWAY = 10
"""Pixels between a word and the marks of the outermost budget."""
OVER_FOOT = 16
"""Pixels between a word and the foot, where crosses are."""
PLACES: dict[str, dict[str, Any]] = {
    "top": {"align": "right", "dx": -AWAY, "dy": 6},
    "bottom": {"align": "left", "dx": AWAY, "dy": -OVER_FOOT},
}


class Unmeasurable(NamedTuple):
    """fewest, most: labels of the baseline. budgets: of the axis. arms: how many are drawn at each. vertical: ends of
    the axis of utility, which is ``axis(field)``. who: the baseline, by its short name."""

    fewest: float
    most: float
    budgets: pd.Series
    arms: int
    vertical: tuple[float, float]
    axis: Callable[[str], alt.Y]
    who: str

    def layers(self) -> list[alt.Chart]:
        """What lies above n_max / n − 1 and below n_min / n − 1, each with its name where it is widest."""
        edges = self._edges()
        base = alt.Chart(edges).encode(x=labels_axis(self.budgets))
        area = {"color": GRAY, "opacity": 0.16, "tooltip": None}
        drawn = [
            base.mark_area(**area).encode(y=self.axis("above"), y2=alt.Y2("top:Q")),
            base.mark_area(**area).encode(y=self.axis("below"), y2=alt.Y2("bottom:Q")),
        ]
        first, last = beside(self.budgets, self.arms)
        if (edges["above"] < edges["top"]).any():
            drawn.append(self._word("top", last, f"beyond {self.who}'s largest budget"))
        if (edges["below"] > edges["bottom"]).any():
            drawn.append(self._word("bottom", first, f"below {self.who}'s smallest"))
        return drawn

    def _edges(self) -> pd.DataFrame:
        bottom, top = self.vertical
        labels = np.geomspace(*labels_domain(self.budgets), 60)
        return pd.DataFrame({
            "labels": labels,
            "top": top,
            "above": np.clip(self.most / labels - 1, bottom, top),
            "below": np.clip(self.fewest / labels - 1, bottom, top),
            "bottom": bottom,
        })  # fmt: skip

    def _word(self, end: str, labels: float, text: str) -> alt.Chart:
        """Beside the marks of a budget, so that it does not lie under them."""
        place = pd.DataFrame({"labels": [labels], end: [self.vertical[end == "top"]]})
        word = alt.Chart(place).mark_text(text=text, baseline=end, fontSize=11, tooltip=None, **PLACES[end])
        return word.encode(x=labels_axis(self.budgets), y=self.axis(end))
