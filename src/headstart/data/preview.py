"""Contact sheets: many images in one picture, to look at before training on them."""

import io

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

__all__ = ["contact_sheet", "encode_png"]

GAP, CAPTION = 6, 16


def encode_png(image: Tensor) -> bytes:
    """uint8 ``[3, H, W]`` (or ``[1, H, W]``) as PNG."""
    buffer = io.BytesIO()
    _picture(image).save(buffer, format="PNG")
    return buffer.getvalue()


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
