"""``headstart data check``: what there is to know of pictures before a study is made of them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headstart.cli.console import console, errors, print_frame, say, tell

if TYPE_CHECKING:
    from headstart.data.viewing.inspect import Inspected

__all__ = ["data_check"]

SPOILED = 1
"""Exit code of findings that spoil a study."""
MOST_CLASSES = 20
"""Classes that the terminal shows."""


def data_check(
    path: Annotated[Path, typer.Argument(help="A dataset folder, or anything that `data import` reads.")],
    overrides: Annotated[list[str] | None, typer.Argument(help="key=value of the format, as for `import`.")] = None,
    form: Annotated[str | None, typer.Option("--from", help="Its format; default: what it looks like.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")] = False,
) -> None:
    """Say what pictures are there, what is wrong with them, and what a study would make of them.

    Counts, classes, sizes, files that cannot be read or are left out, and duplicates within and between splits. Of a
    dataset folder also every hash, count and target. Nothing is written.

    Exit code 0: fine. 1: something would spoil a study: pictures that cannot be read, the same picture or group in two
    splits, a class or split without pictures. 2: it cannot be read at all.
    """
    from headstart.data.viewing.findings import summary
    from headstart.data.viewing.inspect import inspect
    from headstart.progress import watch_images
    from headstart.schema import apply_override

    options: dict[str, Any] = {}
    for override in overrides or []:
        apply_override(options, override)
    with watch_images("checking", errors) as progress:
        seen = inspect(path, form, options, progress)
    found = summary(seen)
    if as_json:
        typer.echo(json.dumps(found))
    else:
        _print(seen, found)
    if found["findings"]:
        raise typer.Exit(SPOILED)


def _print(seen: "Inspected", found: dict[str, Any]) -> None:
    say(
        f"{found['path']} ({found['format']}): {sum(found['images'].values()):,} pictures, {seen.kind}, {_sizes(found)}"
    )
    _print_classes(found)
    for guess in seen.account.guesses:
        say(f"guessed {guess}")
    if found["skipped"]:
        say(seen.account.left_out)
    if found["budgets"]:
        say(f"budgets to begin with: {', '.join(map(str, found['budgets']))}")
    for note in found["notes"]:
        tell("note", note)
    for finding in found["findings"]:
        tell("wrong", finding, "bold red")
    if not found["findings"]:
        say("nothing was found that would spoil a study")


def _sizes(found: dict[str, Any]) -> str:
    sizes = found["sizes"]
    if sizes["different"] < 2:
        return "×".join(map(str, sizes.get("smallest", ()))) + " pixels"
    smallest, largest, frequent = ("×".join(map(str, sizes[key])) for key in ("smallest", "largest", "most_frequent"))
    low, high = sizes["aspects"]
    return f"{smallest} to {largest} pixels, mostly {frequent}, width by height {low:g} to {high:g}"


def _print_classes(found: dict[str, Any]) -> None:
    import pandas as pd

    rows = [{"": "all", **found["images"]}]
    classes = found["classes"]
    shown = sorted(classes, key=lambda name: -sum(classes[name].values()))[:MOST_CLASSES]
    rows += [{"": name, **classes[name]} for name in shown]
    print_frame(pd.DataFrame(rows))
    if len(classes) > len(shown):
        console.print(f"and {len(classes) - len(shown):,} classes with fewer pictures")
    say(f"targets: {', '.join(found['targets']) or 'none'}")
