"""``headstart study``: run and read studies."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from headstart.cli.console import WorkersOption, console, errors, print_frame, print_prose

if TYPE_CHECKING:
    from headstart.api import Study

__all__ = ["app"]

DEFAULT_STORE = Path("~/.cache/headstart")

app = typer.Typer(help="Run and read studies.", no_args_is_help=True)

Recipe = Annotated[str, typer.Argument(help="A recipe's name (see `headstart list recipes`) or a YAML file.")]
Overrides = Annotated[list[str] | None, typer.Argument(help="key=value, dotted keys, for example trials=5.")]
StoreOption = Annotated[Path, typer.Option(help="Where finished work is kept and shared between studies.")]
Folder = Annotated[Path, typer.Argument(help="The study's folder, runs/NAME.")]


@app.command("run")
def study_run(
    recipe: Recipe,
    overrides: Overrides = None,
    out: Annotated[Path, typer.Option(help="Folder of runs; the study goes to OUT/NAME.")] = Path("runs"),
    store: StoreOption = DEFAULT_STORE,
    launcher: Annotated[str, typer.Option(help="How jobs reach processors.")] = "local",
    workers: WorkersOption = None,
) -> None:
    """Run a study, or what is left of it, and write its report."""
    from headstart.api import load_study, prepare_study
    from headstart.progress import watch_jobs

    run = prepare_study(load_study(recipe, overrides), out=out, store=store, launcher=launcher, workers=workers)
    console.print(f"[bold]{run.plan.config.name}[/]: {run.describe()}", highlight=False)
    with watch_jobs(run.missing, console) as listen:
        study = run.execute(listen)
    _print_answer(study)


@app.command("plan")
def study_plan(
    recipe: Recipe, overrides: Overrides = None, store: StoreOption = DEFAULT_STORE, workers: WorkersOption = None
) -> None:
    """Say what a study would do: jobs, what is cached, image-steps, estimated time."""
    from headstart.api import load_study, plan_table

    print_frame(plan_table(load_study(recipe, overrides), store=store, workers=workers))


@app.command("status")
def study_status(folder: Folder) -> None:
    """Say how far a study has come."""
    from headstart.api import status_table

    print_frame(status_table(folder))


@app.command("report")
def study_report(folder: Folder) -> None:
    """Write the tables, charts and report of a study again from what is finished."""
    from headstart.api import Study

    study = Study.load(folder)
    study.report()
    _print_answer(study)


def _print_answer(study: "Study") -> None:
    """The summary, the verdict, and where the report is."""
    from headstart.charts.text import with_value_texts

    summary = with_value_texts(study.tables.summary).pivot_table(
        index=["task", "method", "protocol"], columns="labels", values="value_text", sort=False, aggfunc="first"
    )
    print_frame(summary.reset_index())
    for row in study.tables.failures.itertuples(index=False):
        errors.print(
            f"[yellow]no number:[/] {row.method}, {row.protocol}, {row.labels} labels: {escape(str(row.reason))}"
        )
    console.print()
    print_prose(study.tables.verdict.headline, style="bold")
    print_prose(study.tables.verdict.detail)
    console.print()
    console.print(f"report: {study.folder / 'report.html'}", highlight=False, soft_wrap=True)
