"""``headstart study``: run and read studies."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headstart.cache import DEFAULT_STORE
from headstart.cli.choosing import chosen_study
from headstart.cli.completion import complete_recipe
from headstart.cli.console import WorkersOption, console, print_frame, print_prose, say, tell
from headstart.cli.detecting import print_detection, share_of
from headstart.cli.packing import study_pack, study_unpack
from headstart.cli.running import run_study_here
from headstart.cli.runs import study_compare, study_list

if TYPE_CHECKING:
    import pandas as pd

    from headstart.api import Study

__all__ = ["app"]

MISSING = 3
"""Exit code of what ends with numbers missing."""

app = typer.Typer(help="Run and read studies.", no_args_is_help=True)
app.command("list")(study_list)
app.command("compare")(study_compare)
app.command("pack")(study_pack)
app.command("unpack")(study_unpack)

Recipe = Annotated[
    str,
    typer.Argument(
        help="A recipe's name (see `headstart list recipes`) or a YAML file.", autocompletion=complete_recipe
    ),
]
OptionalRecipe = Annotated[
    str | None,
    typer.Argument(
        help="A recipe's name (see `headstart list recipes`) or a YAML file; not with --data.",
        autocompletion=complete_recipe,
    ),
]
Data = Annotated[Path | None, typer.Option(help="Images to make a study of: a folder, archive, table or dataset.")]
Time = Annotated[
    str | None,
    typer.Option(
        help="What the study may take, as 10m or 1h; none: however long. Default: 10m with --data, else none."
    ),
]
Scale = Annotated[
    str | None, typer.Option(help="How large, of a recipe with scales: tiny, small or paper.", show_default="small")
]
Overrides = Annotated[list[str] | None, typer.Argument(help="key=value, dotted keys, for example trials=5.")]
StoreOption = Annotated[str, typer.Option(help="Where finished work is kept and shared between studies.")]
AddressOption = Annotated[
    str | None, typer.Option(help="Of a Ray cluster, HOST:PORT or auto; default: a Ray of this machine's own.")
]
Folder = Annotated[Path, typer.Argument(help="The study's folder, runs/NAME.")]


@app.command("run")
def study_run(
    recipe: OptionalRecipe = None,
    overrides: Overrides = None,
    data: Data = None,
    time: Time = None,
    scale: Scale = None,
    out: Annotated[Path, typer.Option(help="Folder of runs; the study goes to OUT/NAME.")] = Path("runs"),
    store: StoreOption = str(DEFAULT_STORE),
    launcher: Annotated[str, typer.Option(help="How jobs reach processors: local or ray.")] = "local",
    address: AddressOption = None,
    workers: WorkersOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of a run of the same name and other settings.")
    ] = False,
    refill: Annotated[
        bool,
        typer.Option("--refill", help="Do again what the store lost, for its weights, though its numbers are kept."),
    ] = False,
    track: Annotated[
        list[str] | None, typer.Option(help="Also tell this tracker what is measured: tensorboard or mlflow.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="More than 10,000 jobs are meant.")] = False,
) -> None:
    """Run a study or suite, or what is left of it, and write its report; or a study of images that fits a time.

    Exit code 3 says that numbers are missing, because runs failed.
    """
    from headstart.api import Study, prepare_study

    chosen = chosen_study(
        recipe, overrides or [], data, time, out=out, store=store, workers=workers, scale=scale, replace=replace
    )
    prepared = prepare_study(
        chosen.suite,
        out=out,
        store=store,
        launcher=launcher,
        address=address,
        workers=workers,
        replace=replace or chosen.replaces,
        many=yes,
        refill=refill,
        track=track or (),
    )
    run_study_here(chosen.suite.name, prepared)
    _report(Study(prepared.run))


@app.command("plan")
def study_plan(
    recipe: OptionalRecipe = None,
    overrides: Overrides = None,
    data: Data = None,
    time: Time = None,
    scale: Scale = None,
    detect: Annotated[
        str | None,
        typer.Option(help="Also how many trials show a gain of this share of labels, 0.5 or 50%; it may run a pilot."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of runs, where an earlier choice lies.")] = Path("runs"),
    store: StoreOption = str(DEFAULT_STORE),
    workers: WorkersOption = None,
) -> None:
    """Say what a study or suite would do: jobs, what is cached, image-steps, estimated time."""
    from headstart.planning import plan_table

    share = None if detect is None else share_of(detect)
    chosen = chosen_study(recipe, overrides or [], data, time, out=out, store=store, workers=workers, scale=scale)
    for guess in chosen.suite.guesses:
        say(f"guessed {guess}")
    print_frame(plan_table(chosen.suite, store=store, workers=workers, out=out))
    if share is not None:
        print_detection(chosen.suite, share, store, workers)


@app.command("status")
def study_status(folder: Folder) -> None:
    """Say how far a study has come."""
    from headstart.runs import status_table

    print_frame(status_table(folder))


@app.command("report")
def study_report(folder: Folder) -> None:
    """Write the tables, charts and report of a study from what is finished, at any time."""
    from headstart.api import Study

    _report(Study.load(folder))


def _report(study: "Study") -> None:
    """Write the page and say the answer; leave with code 3 where numbers are missing."""
    page = study.report()
    _print_answer(study)
    say(f"report: {page}")
    if not study.complete:
        raise typer.Exit(MISSING)


def _print_answer(study: "Study") -> None:
    """The summary, what is missing, and the verdict."""
    from headstart.charts.names import short_keys
    from headstart.charts.text import with_value_texts
    from headstart.report.advice_words import NOTHING

    tables = study.tables
    summary = with_value_texts(tables.summary)
    if not summary.empty:
        several = [name for name in (*tables.varied, "task") if summary[name].nunique() > 1]
        names = [*several, "arm", "protocol"]
        grid = summary.pivot_table(index=names, columns="labels", values="value_text", sort=False, aggfunc="first")
        print_frame(grid.fillna(NOTHING).reset_index().rename(columns=short_keys(tables.varied)))
    for line in _missing_lines(tables.missing):
        tell("no number", line)
    console.print()
    print_prose(tables.verdict.headline, style="bold")
    for line in tables.verdict.lines:
        print_prose(f"• {line}")
    for text in filter(None, (tables.verdict.detail, tables.training.sentence)):
        print_prose(text)
    console.print()


def _missing_lines(missing: "pd.DataFrame") -> list[str]:
    """A line per arm and reason, for many runs fail alike."""
    counts = Counter(zip(missing["arm"], missing["reason"], strict=True))
    return [f"{arm}, {count} {'run' if count == 1 else 'runs'}: {reason}" for (arm, reason), count in counts.items()]
