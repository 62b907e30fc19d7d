"""``headstart study pack`` and ``unpack``: a run leaves its machine, and is read on another."""

from pathlib import Path
from typing import Annotated

import typer

from headstart.cli.console import say

__all__ = ["study_pack", "study_unpack"]


def study_pack(
    runs: Annotated[list[Path], typer.Argument(help="Folders of studies, runs/NAME.")],
    out: Annotated[Path, typer.Option(help="Folder of the files, NAME.zip each.")] = Path(),
) -> None:
    """Write what a study measured into one file, to be tabled and drawn where its store is not."""
    from headstart.packing import pack_run

    for run in runs:
        say(str(pack_run(run, out)))


def study_unpack(
    files: Annotated[list[Path], typer.Argument(help="Files that `headstart study pack` wrote.")],
    out: Annotated[Path, typer.Option(help="Folder of runs.")] = Path("runs"),
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of runs of the same name.")] = False,
) -> None:
    """Put packed studies into the folder of runs, as if they had been run here."""
    from headstart.packing import unpack_run

    for file in files:
        say(str(unpack_run(file, out, replace=replace)))
