"""``headstart render``: make a dataset."""

from pathlib import Path
from typing import Annotated

import typer

from headstart.cli.console import WorkersOption, console

__all__ = ["render"]


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
