"""``headstart data``: look at datasets, check them, and move them between formats."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headstart.cli.check import data_check
from headstart.cli.console import console, say, tell

if TYPE_CHECKING:
    from headstart.data.exchange.account import Account

__all__ = ["app"]

app = typer.Typer(help="Look at datasets, check them, and move them between formats.", no_args_is_help=True)
app.command("check")(data_check)


@app.command("preview")
def data_preview(
    folder: Annotated[Path, typer.Argument(help="A dataset folder.")],
    to: Annotated[Path | None, typer.Option(help="The picture; default: preview.png in the folder.")] = None,
    images: Annotated[int, typer.Option(min=1, help="How many to show.")] = 60,
    columns: Annotated[int, typer.Option(min=1)] = 10,
    split: Annotated[str, typer.Option(help="train, val or test.")] = "train",
) -> None:
    """Draw a contact sheet of a dataset as a PNG, every class in turn."""
    from headstart.data.viewing.preview import preview_folder

    folder = folder.expanduser()
    picture = to.expanduser() if to else folder / "preview.png"
    preview_folder(folder, picture, images=images, columns=columns, split=split)
    say(f"{picture}")


@app.command("export")
def data_export(
    folder: Annotated[Path, typer.Argument(help="A dataset folder.")],
    to: Annotated[str, typer.Option(help="folder, huggingface, webdataset or hdf5.")],
    out: Annotated[Path | None, typer.Option(help="A new folder; default: beside the dataset, with -FORMAT.")] = None,
) -> None:
    """Write a dataset, with all its annotations, in another format."""
    from headstart.data.exchange.transfer import export_folder
    from headstart.folder import UNLABELLED_FOLDER, holds_dataset
    from headstart.progress import watch_images

    source = folder.expanduser().resolve()
    target = out or source.with_name(f"{source.name}-{to}")
    with watch_images("exporting", console) as progress:
        manifest = export_folder(folder, to, target, progress)
    say(f"{manifest.images} images in {target} ({to})")
    if holds_dataset(source / UNLABELLED_FOLDER):
        say(f"images without labels are not among them: export {source / UNLABELLED_FOLDER} by itself")


@app.command("import")
def data_import(
    path: Annotated[Path, typer.Argument(help="What `data export` wrote, or pictures, shards or files of others.")],
    out: Annotated[Path, typer.Argument(help="Folder for the dataset.")],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="Any other key=value of the format: space=rgb, mean=[…], std=[…].")
    ] = None,
    form: Annotated[str | None, typer.Option("--from", help="Its format; default: what it looks like.")] = None,
    resolution: Annotated[int | None, typer.Option(help="Scale and cut pictures to so many pixels a side.")] = None,
    seed: Annotated[int, typer.Option(help="Of the draw of splits, where there are none.")] = 0,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse to leave out any file.")] = False,
) -> None:
    """Make a dataset folder of images that are kept in another format, and tell what was left out or guessed."""
    from headstart.data.exchange.transfer import import_folder
    from headstart.progress import watch_images
    from headstart.schema import apply_override

    options: dict[str, Any] = {"resolution": resolution, "seed": seed}
    for override in overrides or []:
        apply_override(options, override)
    accounts: list[Account] = []
    with watch_images("importing", console) as progress:
        manifest = import_folder(
            path, out, form=form, options=options, progress=progress, strict=strict, tell=accounts.append
        )
    say(f"{manifest.images} images in {out}")
    _tell(accounts[0], out)


def _tell(account: "Account", out: Path) -> None:
    """What was guessed, and how many files were left out for each reason."""
    from headstart.data.exchange.account import SKIPPED

    lines = [f"guessed {guess}" for guess in account.guesses]
    if account.skipped:
        files = account.used + len(account.skipped)
        lines.append(f"left out {len(account.skipped)} of {files} files, listed in {out / SKIPPED}:")
        lines += [f"  {count} × {reason}" for reason, count in account.reasons.items()]
    for line in lines:
        say(line)
    for note in account.notes:
        tell("note", note)
