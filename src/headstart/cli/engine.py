"""``headstart engine``: install engines that need more than this package."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from headstart.cli.console import say

__all__ = ["app"]

app = typer.Typer(help="Install engines that need more than this package.", no_args_is_help=True)


@app.callback()
def engine() -> None:
    """Install engines that need more than this package."""


@app.command("install")
def engine_install(
    name: Annotated[Literal["blender"], typer.Argument(help="Which engine.")],  # noqa: ARG001 - the only one there is
    python: Annotated[Path | None, typer.Option(help="A Python 3.11; default: the first that is found.")] = None,
) -> None:
    """Install Blender's Cycles into an environment of its own, and draw a small frame as proof."""
    from headstart.render.blender.install import BPY, install
    from headstart.render.blender.proof import draw_proof

    folder = install(python, say=say)
    seconds = draw_proof()
    say(f"Blender {BPY} in {folder}: a frame in {seconds:.1f} s")
