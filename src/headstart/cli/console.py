"""What every command prints to, and how it shows a table."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["WorkersOption", "console", "errors", "print_frame"]

console = Console()
errors = Console(stderr=True)

WorkersOption = Annotated[int | None, typer.Option(min=1, help="Processes; default: one per core.")]


def print_frame(frame: "pd.DataFrame") -> None:
    """A small table on the terminal: numbers right, words left."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in frame.columns:
        numeric = frame[name].dtype.kind in "iuf"
        table.add_column(str(name).replace("_", " "), justify="right" if numeric else "left")
    for row in frame.itertuples(index=False):
        table.add_row(*(f"{value:,}" if isinstance(value, int | float) else str(value) for value in row))
    console.print(table)
