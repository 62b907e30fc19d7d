"""``headstart data``: look at datasets."""

from pathlib import Path
from typing import Annotated

import typer

from headstart.cli.console import console

__all__ = ["app"]

app = typer.Typer(help="Look at datasets.", no_args_is_help=True)


@app.command("preview")
def data_preview(
    folder: Annotated[Path, typer.Argument(help="A dataset folder.")],
    to: Annotated[Path | None, typer.Option(help="The picture; default: preview.png in the folder.")] = None,
    images: Annotated[int, typer.Option(min=1, help="How many to show.")] = 60,
    columns: Annotated[int, typer.Option(min=1)] = 10,
    split: Annotated[str, typer.Option(help="train, val or test.")] = "train",
) -> None:
    """Draw a contact sheet of a dataset as a PNG, every class in turn."""
    from headstart.data.preview import preview_folder

    picture = to or folder / "preview.png"
    preview_folder(folder, picture, images=images, columns=columns, split=split)
    console.print(f"{picture}")
