"""What every command prints to, and how it shows a table."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from headstart.names import visible

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "WorkersOption",
    "console",
    "errors",
    "new_console",
    "print_catalogue",
    "print_frame",
    "print_prose",
    "print_sizes",
    "say",
    "tell",
]


COLUMNS = 80


def new_console(**options: Any) -> Console:
    """A console that prints all text as it is: square brackets and colons in names are no markup."""
    made = Console(markup=False, highlight=False, emoji=False, **options)
    if not made.width:  # some terminals say that they have no columns, in which nothing would be printed
        made.width = COLUMNS
    return made


console = new_console()
errors = new_console(stderr=True)

WorkersOption = Annotated[int | None, typer.Option(min=1, help="Processes; default: one per core.")]


def say(text: str) -> None:
    """A line, however long, so that a path in it can be copied."""
    console.print(visible(text), soft_wrap=True)


def tell(label: str, text: str, style: str = "yellow") -> None:
    """A line on standard error that begins with what it is: ``note``, ``error``."""
    errors.print(Text.assemble((f"{label}:", style), f" {visible(text)}"), soft_wrap=True)


def print_frame(frame: "pd.DataFrame") -> None:
    """A small table on the terminal: numbers right, words left."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in frame.columns:
        numeric = frame[name].dtype.kind in "iuf"
        table.add_column(str(name).replace("_", " "), justify="right" if numeric else "left")
    for row in frame.itertuples(index=False):
        table.add_row(*(f"{value:,}" if isinstance(value, int | float) else visible(str(value)) for value in row))
    console.print(table)


def print_catalogue(rows: Iterable[tuple[str, str]]) -> None:
    """Names and what they are, a line each; what is too long for the terminal goes on below itself."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, summary in rows:
        table.add_row(name, summary)
    console.print(table)


def print_sizes(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A name and numbers that were written already, a line each."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="left" if column == columns[0] else "right")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def print_prose(text: str, style: str = "") -> None:
    """Sentences in lines that end at plain spaces only; rich's own also end between a number and its unit."""
    lines = textwrap.fill(text, console.width, break_on_hyphens=False)
    console.print(lines, style=style, soft_wrap=True)
