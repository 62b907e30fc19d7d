"""``headstart advise``: what to do next, by a study's learning curves."""

from pathlib import Path
from typing import Annotated

import typer

from headstart.cli.console import console, print_frame, print_prose

__all__ = ["advise"]


def advise(
    run: Annotated[Path, typer.Argument(help="The study's folder, runs/NAME.")],
    target: Annotated[float | None, typer.Option(help="A score to reach, 0.9 for 90 %.")] = None,
    labels: Annotated[int | None, typer.Option(min=1, help="Labels there are or will be; default: the most.")] = None,
    label_cost: Annotated[float, typer.Option(min=0, help="Of one label, in your currency.")] = 0.0,
    compute_cost: Annotated[float, typer.Option(min=0, help="Of an hour of pretraining.")] = 0.0,
) -> None:
    """Say how many labels a target takes with and without each start, what a start saves, and where it stops paying."""
    from headstart.advice import advise as ask

    found = ask(run, labels=labels, target=target)
    table = found.table(label_cost, compute_cost)
    if not table.empty:
        print_frame(table)
        console.print()
    for line in found.sentences(label_cost, compute_cost):
        print_prose(f"• {line}")
