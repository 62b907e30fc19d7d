"""``headstart weights``: hand out what was pretrained, and look into files of weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headstart.cli.console import print_frame, say

if TYPE_CHECKING:
    from torch import Tensor

    from headstart.backbones.card import Card

__all__ = ["app"]

app = typer.Typer(help="Export pretrained weights, and look into files of weights.", no_args_is_help=True)


@app.command("export")
def weights_export(
    run: Annotated[Path, typer.Argument(help="The study's folder, runs/NAME.")],
    arm: Annotated[str, typer.Argument(help="Which arm's pretrained backbone.")],
    out: Annotated[Path | None, typer.Option(help="The file; default: RUN/ARM.safetensors.")] = None,
    replicate: Annotated[int, typer.Option(min=0, help="Which of several pretrainings.")] = 0,
    license: Annotated[str, typer.Option(help="What the card says of the licence, such as CC-BY-4.0.")] = "",
) -> None:
    """Write an arm's pretrained weights as safetensors with a card: data, method, settings, scores, input."""
    from headstart.exporting import export_weights

    say(f"{export_weights(run, arm, out, replicate=replicate, license=license)}")


@app.command("inspect")
def weights_inspect(
    file: Annotated[Path, typer.Argument(help="A .safetensors or .pth file; no code in it is run.")],
    tensors: Annotated[bool, typer.Option("--tensors", help="All names and shapes.")] = False,
) -> None:
    """Say what a file of weights holds: how many tensors and numbers, and its card, if headstart exported it."""
    from headstart.backbones.blocks import read_block
    from headstart.backbones.card import read_card
    from headstart.backbones.hub import local_file

    path = local_file(file)
    block = read_block(path)
    held, where = block.tensors, f", of '{block.name}'" if block.name else ""
    say(f"{len(held):,} tensors, {block.size:,} numbers, {_kinds(held)}{where}")
    if card := read_card(path):
        _print_card(card)
    if tensors:
        import pandas as pd

        print_frame(
            pd.DataFrame({"name": list(held), "shape": [" × ".join(map(str, value.shape)) for value in held.values()]})
        )


def _kinds(held: "dict[str, Tensor]") -> str:
    return ", ".join(sorted({str(value.dtype).removeprefix("torch.") for value in held.values()}))


def _print_card(card: "Card") -> None:
    """A line per thing that it says."""
    lines = {
        "backbone": " ".join(
            [card.backbone["name"], *(f"{key}={value}" for key, value in card.backbone["options"].items())]
        ),
        "input": f"{card.input.color}, {card.channels} channels, learned at {card.input.resolution} px",
        "data": card.data,
        "method": card.method,
        "license": card.license or "not said",
        "made with": card.made_with,
    }
    for name, text in lines.items():
        say(f"{name}: {text}")
    if card.scores:
        import pandas as pd

        print_frame(pd.DataFrame(card.scores)[["task", "protocol", "labels", "metric", "value"]].round(3))
