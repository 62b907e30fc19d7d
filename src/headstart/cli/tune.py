"""``headstart tune``: choose settings for every arm of a study, as hard for the baseline as for the others."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headstart.cache import DEFAULT_STORE
from headstart.cli.console import WorkersOption, console, print_frame, print_prose, say, tell
from headstart.cli.running import run_study_here
from headstart.cli.study import AddressOption, Overrides, Recipe, Scale, StoreOption
from headstart.times import seconds_of

if TYPE_CHECKING:
    from headstart.tuned import Tuned
    from headstart.tuning import TuningRun

__all__ = ["tune"]


def tune(
    recipe: Recipe,
    overrides: Overrides = None,
    scale: Scale = None,
    trials: Annotated[int, typer.Option(help="Of each arm; the first is the arm as it is.")] = 20,
    time: Annotated[
        str | None, typer.Option(help="For the search, as 1h or 15m: no round begins that it lacks.")
    ] = None,
    knobs: Annotated[
        list[str] | None,
        typer.Option(help="What to turn (see `headstart list spaces`), or 'PATH=uniform(0, 1)'. More than once."),
    ] = None,
    pretraining: Annotated[
        bool, typer.Option("--pretraining", help="Also what pretraining learns by; each try costs a pretraining.")
    ] = False,
    budgets: Annotated[
        list[int] | None, typer.Option(help="Labels that settings are judged with; default: the middle budget.")
    ] = None,
    task: Annotated[str | None, typer.Option(help="The task that settings are judged by, of several.")] = None,
    protocol: Annotated[str, typer.Option(help="The protocol that settings are judged by.")] = "finetune",
    out: Annotated[Path, typer.Option(help="Folder of searches; this one goes to OUT/NAME.")] = Path("tuning"),
    store: StoreOption = str(DEFAULT_STORE),
    launcher: Annotated[str, typer.Option(help="How the jobs of the two studies reach processors.")] = "local",
    address: AddressOption = None,
    workers: WorkersOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of a search of another study.")] = False,
) -> None:
    """Search settings for every arm, scratch included, and measure what that changes in the study.

    Each arm has as many trials; settings are chosen on validation images. An interrupted search goes on.
    """
    from headstart.api import load_suite

    suite = load_suite(recipe, overrides, scale)  # before anything heavy, so that a wrong key is refused at once
    from headstart.tuning import prepare_tuning

    run = prepare_tuning(
        suite,
        trials=trials,
        seconds=None if time is None else seconds_of(time),
        knobs=knobs or (),
        pretraining=pretraining,
        budgets=budgets or (),
        task=task,
        protocol=protocol,
        out=out,
        store=store,
        launcher=launcher,
        address=address,
        workers=workers,
        replace=replace,
    )
    print_prose(f"{suite.name}: {run.describe()}")
    run_study_here("the study as it is", run.before)
    _search(run)
    after = run.prepare_after()
    run_study_here("the study as tuned", after)
    _print_answer(run.finish(after))


def _search(run: "TuningRun") -> None:
    from headstart.progress import duration

    arms, seconds = len(run.knobs), run.expected_seconds()
    say(f"the search: {arms} × {run.plan.trials} trials, at most about {duration(seconds)}, pretraining aside")
    run.search_watched(console)


def _print_answer(tuned: "Tuned") -> None:
    """What was chosen, what it changed, and both headlines."""
    from headstart.report.tuning import change_grid, choices_grid

    page = tuned.report()
    console.print()
    print_frame(choices_grid(tuned.chosen).frame())
    console.print()
    print_frame(change_grid(tuned.change).frame())
    console.print()
    print_prose(f"As it was: {tuned.before.tables.verdict.headline}")
    print_prose(f"Tuned: {tuned.after.tables.verdict.headline}", style="bold")
    say(f"recipe: {tuned.recipe}")
    say(f"report: {page}")
    for study in (tuned.before, tuned.after):
        if not study.complete:
            tell("note", f"numbers are missing: see {study.folder}")
