"""A figure: panels that share axes, laid out side by side by whoever shows them."""

from dataclasses import dataclass
from typing import Any

import altair as alt

from headstart.charts.theme import PANEL_WIDTH, styled

__all__ = ["Figure"]

COLUMNS = 2


@dataclass(frozen=True)
class Figure:
    """name: stem of its files. title and caption: one line each. panels: charts without a width."""

    name: str
    title: str
    caption: str
    panels: tuple[alt.LayerChart, ...]

    def page_specs(self) -> list[dict[str, Any]]:
        """Vega-Lite specifications, one per panel, as wide as the elements they are put into."""
        return [styled(panel.properties(width="container")).to_dict() for panel in self.panels]

    def static(self) -> alt.TopLevelMixin:
        """All panels as one chart of fixed size, for files."""
        sized = [panel.properties(width=PANEL_WIDTH) for panel in self.panels]
        return styled(alt.concat(*sized, columns=COLUMNS, title=self.title).properties(background="white"))
