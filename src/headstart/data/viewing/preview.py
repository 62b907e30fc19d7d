"""Contact sheets: many images in one picture, to look at before training on them."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from headstart.data.viewing.fonts import Written, fonts_of_size, written
from headstart.data.viewing.overlays import axes_over, depth_picture, masks_over, picture_of
from headstart.errors import DataError, unknown_name
from headstart.files import write_atomic
from headstart.folder import SPLITS, read_folder

__all__ = ["caption", "encode_picture", "encode_png", "preview_folder", "taking_turns"]

GAP, CAPTION, SHOWN_SIDE, FONT = 6, 16, 128, 11
Panels = Sequence[Image.Image]
"""Pictures of one image, all of one size, that stand side by side."""


def encode_png(image: Tensor) -> bytes:
    """``[C, H, W]`` as ``picture_of`` shows it, as PNG, a small one enlarged without smoothing."""
    return encode_picture(picture_of(image))


def encode_picture(picture: Image.Image) -> bytes:
    """``picture`` as PNG, a small one enlarged without smoothing."""
    return _png(_enlarged(picture))


def preview_folder(folder: Path, picture: Path, *, images: int, columns: int, split: str) -> None:
    """Write a contact sheet of a dataset folder's ``split`` as the PNG ``picture``.

    Classes take turns. Beside each image stand its masks, where it has any, and its depth, near things bright; the axes
    of the object's own frame are drawn over it. Below are the classes of what it shows. Raises ``DataError`` for a
    split without images.
    """
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    manifest, tensors = read_folder(folder)
    each = show_rows(tensors, split, images)
    if not each:
        raise DataError(f"{folder} has no {split} images: name another split")
    captions = [caption(example, manifest.classes) for example in each]
    write_atomic(picture, contact_sheet([_panels(example) for example in each], captions, columns=columns))


def show_rows(tensors: Mapping[str, Tensor], split: str, images: int) -> list[dict[str, Tensor]]:
    """Up to ``images`` rows of a dataset folder's ``split``, each a tensor by name; where there are classes, they take
    turns."""
    rows = torch.nonzero(tensors["split"] == SPLITS.index(split)).flatten()
    if "target.class" in tensors and len(rows):
        rows = rows[taking_turns(tensors["target.class"][rows])]
    return [{name: values[row] for name, values in tensors.items()} for row in rows[:images].tolist()]


def taking_turns(labels: Tensor) -> Tensor:
    """Rows in an order where the classes follow one another: first the first of each, then the second."""
    turn = torch.empty_like(labels, dtype=torch.int64)
    for label in torch.unique(labels):
        rows = labels == label
        turn[rows] = torch.arange(int(rows.sum()))
    return torch.argsort(turn * (int(labels.max()) + 1) + labels)


def contact_sheet(cells: Sequence[Panels], captions: Sequence[str], *, columns: int) -> bytes:
    """A PNG grid of ``cells``, each with its caption below, as far as the cell is wide enough for it."""
    assert len(cells) == len(captions), "one caption per image"
    width = sum(panel.width for panel in cells[0])
    height = cells[0][0].height
    rows = -(-len(cells) // columns)
    size = columns * (width + GAP) + GAP, rows * (height + CAPTION + GAP) + GAP
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)
    for index, (panels, caption) in enumerate(zip(cells, captions, strict=True)):
        x, y = GAP + index % columns * (width + GAP), GAP + index // columns * (height + CAPTION + GAP)
        for number, panel in enumerate(panels):
            sheet.paste(panel, (x + number * panel.width, y))
        text, font = _fitting(written(caption, fonts_of_size(FONT)), width)
        pen.text((x + width / 2, y + height + 1), text, fill="black", font=font, anchor="ma")
    return _png(sheet)


def _panels(example: Mapping[str, Tensor]) -> Panels:
    """An image and what is known of it, as pictures."""
    photo = _enlarged(picture_of(example["images"]))
    panels = [axes_over(photo, example["target.rotation"].numpy()) if "target.rotation" in example else photo]
    masks = next((example[name] for name in ("target.instance", "target.semantic") if name in example), None)
    if masks is not None:
        panels.append(masks_over(photo, masks.numpy()))
    if "target.depth" in example:
        panels.append(depth_picture(example["target.depth"].float().numpy(), photo.size))
    return panels


def caption(example: Mapping[str, Tensor], classes: Sequence[str]) -> str:
    """What an image shows: its class, or those in its mask."""
    if "target.class" in example:
        return classes[int(example["target.class"])]
    if "target.semantic" in example:
        return ", ".join(classes[label - 1] for label in torch.unique(example["target.semantic"]).tolist() if label)
    return ""


def _fitting(caption: Written, width: int) -> Written:
    """A caption with its middle left out where it is too long: names that begin alike often end differently."""
    text, font = caption
    kept = len(text)
    while kept and font.getlength(text) > width:
        kept -= 1
        text = f"{caption.text[: (kept + 1) // 2]}…{caption.text[len(caption.text) - kept // 2 :]}"
    return Written(text, font)


def _enlarged(picture: Image.Image) -> Image.Image:
    scale = max(1, SHOWN_SIDE // picture.width)
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()
