"""The command line: thin verbs over `headstart.api`; a user's mistake is one sentence and exit code 2.

One file per group of commands. Heavy imports stay inside the commands, so that ``--help`` answers at once.
"""

import sys
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from headstart.cli import data, engine, study
from headstart.cli.console import console, errors
from headstart.cli.render import render
from headstart.errors import ConfigError, HeadstartError

__all__ = ["app", "main"]

app = typer.Typer(
    help="How many labels is self-supervised pretraining worth on your vision task?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(study.app, name="study")
app.add_typer(data.app, name="data")
app.add_typer(engine.app, name="engine")
app.command("render")(render)


@app.command("list")
def list_names(
    what: Annotated[str, typer.Argument(help="methods, tasks, backbones, sources, engines, formats or recipes.")],
    sizes: Annotated[bool, typer.Option("--sizes", help="Of backbones: parameters and activations.")] = False,
    resolution: Annotated[int, typer.Option(min=1, help="Pixels a side, for --sizes.")] = 64,
) -> None:
    """List what there is to choose from, one line each."""
    from headstart.api import backbone_sizes, catalogue

    if sizes and what != "backbones":
        raise ConfigError(f"--sizes tells the sizes of backbones, and '{what}' have none: leave it out")
    table = Table(show_header=sizes, box=None)
    if sizes:
        table.add_column("backbone")
        table.add_column("parameters", justify="right")
        table.add_column(f"floats kept per image\nof {resolution} px", justify="right")
        table.add_column("")
        for name, *cells in backbone_sizes(resolution):
            table.add_row(f"[bold]{name}[/]", *cells)
    else:
        for name, summary in catalogue(what):
            table.add_row(f"[bold]{name}[/]", summary)
    console.print(table)


def main() -> None:
    """The ``headstart`` command."""
    try:
        app()
    except HeadstartError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        errors.print("stopped; finished work and checkpoints are kept: the same command goes on from here")
        sys.exit(130)
