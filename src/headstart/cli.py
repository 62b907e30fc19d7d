"""The command line: thin verbs over `headstart.api`; a user's mistake is one sentence and exit code 2."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from headstart.errors import HeadstartError

if TYPE_CHECKING:
    import pandas as pd

    from headstart.api import Study

__all__ = ["app", "main"]

DEFAULT_STORE = Path("~/.cache/headstart")

app = typer.Typer(
    help="How many labels is self-supervised pretraining worth on your vision task?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
study_app = typer.Typer(help="Run and read studies.", no_args_is_help=True)
data_app = typer.Typer(help="Look at datasets.", no_args_is_help=True)
app.add_typer(study_app, name="study")
app.add_typer(data_app, name="data")

console = Console()
errors = Console(stderr=True)

Recipe = Annotated[str, typer.Argument(help="A recipe's name (see `headstart list recipes`) or a YAML file.")]
Overrides = Annotated[list[str] | None, typer.Argument(help="key=value, dotted keys, for example trials=5.")]
StoreOption = Annotated[Path, typer.Option(help="Where finished work is kept and shared between studies.")]
WorkersOption = Annotated[int | None, typer.Option(min=1, help="Processes; default: one per core.")]
Folder = Annotated[Path, typer.Argument(help="The study's folder, runs/NAME.")]


@study_app.command("run")
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


@study_app.command("plan")
def study_plan(
    recipe: Recipe, overrides: Overrides = None, store: StoreOption = DEFAULT_STORE, workers: WorkersOption = None
) -> None:
    """Say what a study would do: jobs, what is cached, image-steps, estimated time."""
    from headstart.api import load_study, plan_table

    _print_frame(plan_table(load_study(recipe, overrides), store=store, workers=workers))


@study_app.command("status")
def study_status(folder: Folder) -> None:
    """Say how far a study has come."""
    from headstart.api import status_table

    _print_frame(status_table(folder))


@study_app.command("report")
def study_report(folder: Folder) -> None:
    """Write the tables, charts and report of a study again from what is finished."""
    from headstart.api import Study

    study = Study.load(folder)
    study.report()
    _print_answer(study)


@app.command("render")
def render(
    out: Annotated[Path, typer.Argument(help="Folder for the dataset.")],
    factors: Annotated[
        str, typer.Option(help="Which of texture, colour, viewpoint and light vary, as in T-V-.")
    ] = "TCVL",
    images: Annotated[int, typer.Option(help="How many, over train, val and test as 10:1:1.")] = 1200,
    resolution: Annotated[int, typer.Option(help="Pixels a side.")] = 64,
    objects: Annotated[int, typer.Option(help="Per image.")] = 1,
    samples: Annotated[int, typer.Option(help="Rays per pixel.")] = 4,
    seed: Annotated[int, typer.Option(help="Another seed, other images.")] = 0,
    engine: Annotated[str, typer.Option(help="Who draws.")] = "warp",
    workers: WorkersOption = None,
) -> None:
    """Render a dataset, or what is left of it."""
    from headstart.data.prepared import record_normalisation
    from headstart.progress import watch_images
    from headstart.render.writer import RenderConfig, render_dataset
    from headstart.schema import validate

    values = {
        "factors": factors, "images": images, "resolution": resolution, "objects": objects, "samples": samples,
        "seed": seed, "engine": engine,
    }  # fmt: skip
    config = validate(RenderConfig, values, "render")
    with watch_images("rendering", console) as progress:
        render_dataset(out, config, workers=workers, progress=progress)
    record_normalisation(out)
    console.print(f"{images} images in {out}")


@data_app.command("preview")
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


@app.command("list")
def list_names(
    what: Annotated[str, typer.Argument(help="methods, tasks, backbones, sources, engines or recipes.")],
) -> None:
    """List what there is to choose from, one line each."""
    from headstart.api import catalogue

    table = Table(show_header=False, box=None)
    for name, summary in catalogue(what):
        table.add_row(f"[bold]{name}[/]", summary)
    console.print(table)


def _print_answer(study: "Study") -> None:
    """The summary, the verdict, and where the report is."""
    summary = study.tables.summary.pivot_table(
        index=["task", "method", "protocol"], columns="labels", values="value", sort=False
    )
    _print_frame(summary.map("{:.1%}".format).reset_index())
    for row in study.tables.failures.itertuples(index=False):
        errors.print(
            f"[yellow]no number:[/] {row.method}, {row.protocol}, {row.labels} labels: {escape(str(row.reason))}"
        )
    console.print(
        f"\n[bold]{escape(study.tables.verdict.headline)}[/]\n{escape(study.tables.verdict.detail)}\n", highlight=False
    )
    console.print(f"report: {study.folder / 'report.html'}", highlight=False, soft_wrap=True)


def _print_frame(frame: "pd.DataFrame") -> None:
    """A small table on the terminal: numbers right, words left."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in frame.columns:
        numeric = frame[name].dtype.kind in "iuf"
        table.add_column(str(name).replace("_", " "), justify="right" if numeric else "left")
    for row in frame.itertuples(index=False):
        table.add_row(*(f"{value:,}" if isinstance(value, int | float) else str(value) for value in row))
    console.print(table)


def main() -> None:
    """The ``headstart`` command."""
    try:
        app()
    except HeadstartError as error:
        errors.print(f"[bold red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        errors.print("stopped; finished work and checkpoints are kept: the same command goes on from here")
        sys.exit(130)
