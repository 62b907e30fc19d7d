"""The command line: thin verbs over `headstart.api`; a user's mistake is one sentence and exit code 2.

One file per group of commands. Heavy imports stay inside the commands, so that ``--help`` answers at once.
"""

import sys
from typing import Annotated

import typer

from headstart import __version__
from headstart.cli import data, engine, store, study, weights
from headstart.cli.advise import advise
from headstart.cli.completion import complete_list
from headstart.cli.console import errors, print_catalogue, print_sizes, tell
from headstart.cli.render import render
from headstart.cli.reproduce import reproduce
from headstart.cli.streams import open_to_any_text
from headstart.cli.tune import tune
from headstart.errors import ConfigError, HeadstartError

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(study.app, name="study")
app.add_typer(data.app, name="data")
app.add_typer(store.app, name="store")
app.add_typer(weights.app, name="weights")
app.add_typer(engine.app, name="engine")
app.command("render")(render)
app.command("tune")(tune)
app.command("reproduce")(reproduce)
app.command("advise")(advise)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"headstart {__version__}")
        raise typer.Exit


@app.callback()
def headstart(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which headstart this is.")
    ] = False,
) -> None:
    """How many labels is self-supervised pretraining worth on your vision task?"""
    del version  # its callback answers


@app.command("list")
def list_names(
    what: Annotated[
        str,
        typer.Argument(
            help="methods, tasks, backbones, protocols, sources, engines, formats, recipes or spaces.",
            autocompletion=complete_list,
        ),
    ],
    sizes: Annotated[bool, typer.Option("--sizes", help="Of backbones: parameters and activations.")] = False,
    resolution: Annotated[int, typer.Option(min=1, help="Pixels a side, for --sizes.")] = 64,
) -> None:
    """List what there is to choose from, one line each."""
    from headstart.catalogue import backbone_sizes, catalogue

    if not sizes:
        print_catalogue(catalogue(what))
    elif what == "backbones":
        columns = ("backbone", "parameters", f"floats kept per image of {resolution} px")
        print_sizes(columns, backbone_sizes(resolution))
    else:
        raise ConfigError(f"--sizes tells the sizes of backbones, and '{what}' have none: leave it out")


INTERRUPTED = 130


def main() -> None:
    """The ``headstart`` command."""
    open_to_any_text()
    try:
        app()
    except HeadstartError as error:
        tell("error", str(error), "bold red")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(_stopped())
    except SystemExit as end:
        # A command that is interrupted ends so: typer makes it of the interrupt.
        sys.exit(_stopped() if end.code == INTERRUPTED else end.code)


def _stopped() -> int:
    errors.print("stopped; finished work and checkpoints are kept: the same command goes on from here")
    return INTERRUPTED
