"""``headstart study list`` and ``compare``: runs beside each other."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headstart.cli.console import console, print_frame, print_prose, say, tell

if TYPE_CHECKING:
    from headstart.runs import Comparison

__all__ = ["study_compare", "study_list"]

WIDEST = 40
"""Characters of a setting; what is longer is cut."""


def study_list(
    out: Annotated[Path, typer.Option(help="Folder of runs.")] = Path("runs"),
    names: Annotated[bool, typer.Option("--names", help="Their folders alone, a line each.")] = False,
) -> None:
    """Say which studies were run, the latest first, how far each is, and what it answers."""
    from headstart.runs import list_runs

    found = list_runs(out)
    if names:
        for name in found["run"]:
            say(str(out / name))
        return
    progress = [_progress(*row) for row in found[["done", "jobs", "failed"]].itertuples(index=False)]
    changed = found["changed"].map(lambda moment: moment.strftime("%Y-%m-%d %H:%M"))
    print_frame(
        found.assign(progress=progress, changed=changed, answer=found["answer"].where(found["answer"] != "", "–"))[
            ["run", "progress", "changed", "answer"]
        ]
    )


def study_compare(runs: Annotated[list[Path], typer.Argument(help="Two folders or more, runs/A runs/B.")]) -> None:
    """Put studies side by side: what they differ in, their scores and utility, and their answers."""
    from headstart.runs import OTHER_IMAGES, compare_studies

    found = compare_studies(runs)
    _print_settings(found)
    if not found.same_images:
        tell("note", OTHER_IMAGES)
    for title, grid in found.grids.items():
        print_prose(title, style="bold")
        print_frame(grid)
        console.print()
    for name, answer in found.answers.items():
        print_prose(f"{name}: {answer}")


def _print_settings(found: "Comparison") -> None:
    if found.settings.empty:
        print_prose("They have the same settings.")
    else:
        print_prose("what they differ in", style="bold")
        print_frame(found.settings.map(_cut))
    console.print()


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def _progress(done: int, jobs: int, failed: int) -> str:
    words = "done" if done == jobs else f"{done:,} of {jobs:,} jobs"
    return f"{words}, {failed:,} failed" if failed else words
