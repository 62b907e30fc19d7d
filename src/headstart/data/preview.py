"""Contact sheets: many images in one picture, to look at before training on them."""

import io
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from headstart.data.dataset import SPLITS
from headstart.errors import unknown_name
from headstart.folder import read_folder, write_atomic

__all__ = ["contact_sheet", "encode_png", "preview_folder", "taking_turns"]

GAP, CAPTION, SHOWN_SIDE = 6, 16, 96


def encode_png(image: Tensor) -> bytes:
    """uint8 ``[3, H, W]`` (or ``[1, H, W]``) as PNG, small images enlarged without smoothing."""
    side = image.shape[-1] * max(1, SHOWN_SIDE // image.shape[-1])
    buffer = io.BytesIO()
    _picture(image).resize((side, side), Image.Resampling.NEAREST).save(buffer, format="PNG")
    return buffer.getvalue()


def preview_folder(folder: Path, picture: Path, *, images: int, columns: int, split: str) -> None:
    """Write a contact sheet of a dataset folder's ``split``, its classes taking turns, as the PNG ``picture``."""
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    manifest, tensors = read_folder(folder)
    rows = torch.nonzero(tensors["split"] == SPLITS.index(split)).flatten()
    shown = rows[taking_turns(tensors["target.class"][rows])[:images]]
    captions = [manifest.classes[label] for label in tensors["target.class"][shown].tolist()]
    scale = max(1, SHOWN_SIDE // manifest.resolution)
    write_atomic(picture, contact_sheet(tensors["images"][shown], captions, columns=columns, scale=scale))


def taking_turns(labels: Tensor) -> Tensor:
    """Rows in an order where the classes follow one another: first the first of each, then the second."""
    turn = torch.empty_like(labels)
    for label in torch.unique(labels):
        rows = labels == label
        turn[rows] = torch.arange(int(rows.sum()))
    return torch.argsort(turn * (int(labels.max()) + 1) + labels)


def contact_sheet(images: Tensor, captions: list[str], *, columns: int, scale: int = 1) -> bytes:
    """A PNG grid of uint8 ``[N, C, H, W]`` images, each ``scale`` times enlarged with its caption below."""
    assert len(images) == len(captions), "one caption per image"
    side = images.shape[-1] * scale
    cell_width, cell_height = side + GAP, side + CAPTION + GAP
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * cell_width + GAP, rows * cell_height + GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for place, (image, caption) in enumerate(zip(images, captions, strict=True)):
        x, y = GAP + place % columns * cell_width, GAP + place // columns * cell_height
        sheet.paste(_picture(image).resize((side, side), Image.Resampling.NEAREST), (x, y))
        pen.text((x + side / 2, y + side + 1), caption, fill="black", font=font, anchor="ma")
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG")
    return buffer.getvalue()


def _picture(image: Tensor) -> Image.Image:
    shown = image.expand(3, -1, -1) if image.shape[0] == 1 else image[:3]
    return Image.fromarray(shown.to(torch.uint8).permute(1, 2, 0).contiguous().cpu().numpy())
