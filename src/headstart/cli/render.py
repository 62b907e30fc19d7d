"""``headstart render``: make a dataset."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from headstart.cli.console import WorkersOption, console, say

__all__ = ["render"]


def render(
    out: Annotated[Path, typer.Argument(help="Folder for the dataset.")],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="Any other key=value: dials.viewpoint=0.2, engine_options.device=cuda …")
    ] = None,
    factors: Annotated[
        str, typer.Option(help="Which of texture, color, viewpoint and light vary, as in T-V-.")
    ] = "TCVL",
    images: Annotated[int, typer.Option(help="How many, over train, val and test as 10:1:1.")] = 1200,
    resolution: Annotated[int, typer.Option(help="Pixels a side.")] = 64,
    objects: Annotated[int, typer.Option(help="Per image.")] = 1,
    targets: Annotated[
        str | None, typer.Option(help="Annotations to keep: all, or some, as in class,depth. Default: what is usual.")
    ] = None,
    categories: Annotated[str | None, typer.Option(help="Some of the categories, as in chair,table.")] = None,
    samples: Annotated[int | None, typer.Option(help="Rays per pixel; default: the engine's own.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed, other images.")] = 0,
    engine: Annotated[str, typer.Option(help="Who draws.")] = "warp",
    shapes: Annotated[Path | None, typer.Option(help="A folder or zip archive of models, category/*.obj.")] = None,
    keep_materials: Annotated[bool, typer.Option("--keep-materials", help="Models in their own colors.")] = False,
    up_axis: Annotated[Literal["y", "z"], typer.Option(help="What points up in models whose format won't say.")] = "y",
    textures: Annotated[Path | None, typer.Option(help="A folder or zip archive of pictures.")] = None,
    workers: WorkersOption = None,
) -> None:
    """Render a dataset, or what is left of it."""
    from headstart.data.batches.stored import record_normalisation
    from headstart.progress import watch_images
    from headstart.render.writer import RenderConfig, render_dataset
    from headstart.schema import apply_override, validate

    values: dict[str, Any] = {
        "factors": factors, "images": images, "resolution": resolution, "objects": objects, "samples": samples,
        "seed": seed, "engine": engine, "shapes": shapes, "keep_materials": keep_materials, "up_axis": up_axis,
        "textures": textures, "targets": _names(targets), "categories": _names(categories),
    }  # fmt: skip
    for override in overrides or []:
        apply_override(values, override)
    config = validate(RenderConfig, values, "render")
    out = out.expanduser()
    with watch_images("rendering", console) as progress:
        render_dataset(out, config, workers=workers, progress=progress)
    record_normalisation(out)
    say(f"{config.images} images in {out}")


def _names(text: str | None) -> list[str] | str | None:
    return text if text in (None, "all") else [name.strip() for name in text.split(",")]
