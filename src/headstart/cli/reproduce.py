"""``headstart reproduce``: the figures of the original study, run at a scale, and whether they hold."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headstart.cache import DEFAULT_STORE
from headstart.cli.completion import complete_figure
from headstart.cli.console import WorkersOption, console, print_prose, say
from headstart.cli.running import run_study_here
from headstart.cli.study import MISSING, AddressOption, StoreOption

if TYPE_CHECKING:
    from headstart.reproduction.verb import Reproduction

__all__ = ["reproduce"]


def reproduce(
    figure: Annotated[
        str,
        typer.Argument(
            help="fig01 to fig16; labels, methods or probes, the main text's findings; thumbs, rules of thumb; or all.",
            autocompletion=complete_figure,
        ),
    ],
    scale: Annotated[str, typer.Option(help="How large: tiny, small or paper.")] = "small",
    out: Annotated[Path, typer.Option(help="Folder of runs; pages go to OUT/paper/SCALE.")] = Path("runs"),
    store: StoreOption = str(DEFAULT_STORE),
    launcher: Annotated[str, typer.Option(help="How jobs reach processors: local or ray.")] = "local",
    address: AddressOption = None,
    workers: WorkersOption = None,
    what_is_there: Annotated[
        bool, typer.Option("--what-is-there", help="Run nothing: draw what is finished, and say what is missing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Weeks of work are meant.")] = False,
) -> None:
    """Run what a figure of the paper is read off, draw it, and say whether this run agrees.

    Exit code 3 says that numbers are missing, because runs failed.
    """
    from headstart.reproduction.verb import reproduce as run_figure

    found = run_figure(
        figure,
        scale=scale,
        out=out,
        store=store,
        launcher=launcher,
        address=address,
        workers=workers,
        what_is_there=what_is_there,
        yes=yes,
        run=run_study_here,
    )
    _print_answers(found)
    if not found.complete and not what_is_there:
        raise typer.Exit(MISSING)


def _print_answers(found: "Reproduction") -> None:
    console.print()
    for name, answers in found.answers.items():
        for answer in answers:
            print_prose(f"{name}, {answer.rule.name}: {answer.verdict}", style="bold")
            print_prose(answer.sentence)
    say(f"page: {found.page}")
