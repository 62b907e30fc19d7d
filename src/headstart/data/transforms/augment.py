"""Random augmentation on the device: one fresh draw per image and step, one gather and two multiplications to apply it.

The kinds and their odds are those of the study (Newell & Deng, 2020): color jitter on 80 % of images, channel mean on
25 %, horizontal flip on 50 %, a shift of up to an eighth of the side with the centre favoured, and one erased square
of a quarter of the side. They act on normalised images, where 0 (padding, erased) is the dataset's mean color. Quarter
turns, 0 to 3 with equal odds, and random resized crops (``headstart.data.transforms.zoom``) are there for who asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from headstart.data.transforms.config import AugmentConfig
from headstart.data.transforms.mixing import mix
from headstart.data.transforms.zoom import draw_zoom, zoom_images, zoom_maps

__all__ = ["AugmentConfig", "Draw", "apply_draw", "draw_augmentation", "move_maps"]

JITTER_ODDS, JITTER_SCALE, GRAY_ODDS, FLIP_ODDS, CENTRE_EXTRA = 0.8, 0.25, 0.25, 0.5, 0.25


@dataclass(frozen=True)
class Draw:
    """What happens to each image of a batch of B; ``None`` where an augmentation is off.

    scale, offset: float ``[B, C]``, x becomes ``x * scale + offset``. gray, flip: bool ``[B]``.
    shift: int64 ``[B, 2]`` rows and columns, positive moves the content up or left. cutout: int64 ``[B, 2]`` top left.
    turn: int64 ``[B]``, quarter turns anticlockwise. zoom: float ``[B, 4]``, the window shown at full size: top, left,
    height, width in sides of the image.
    """

    scale: Tensor | None = None
    offset: Tensor | None = None
    gray: Tensor | None = None
    flip: Tensor | None = None
    shift: Tensor | None = None
    cutout: Tensor | None = None
    turn: Tensor | None = None
    zoom: Tensor | None = None


def draw_augmentation(config: AugmentConfig, shape: tuple[int, int, int], generator: torch.Generator) -> Draw:
    """Draws for ``shape`` = (batch, channels, resolution) on the generator's device."""
    batch, channels, resolution = shape
    scale, offset = _jitter(batch, channels, generator) if config.jitter else (None, None)
    return Draw(
        scale=scale,
        offset=offset,
        gray=_coin(batch, GRAY_ODDS, generator) if config.grayscale else None,
        flip=_coin(batch, FLIP_ODDS, generator) if config.flip else None,
        shift=_shift(batch, resolution // 8, generator) if config.crop else None,
        cutout=_positions(batch, resolution - cutout_side(resolution) + 1, generator) if config.cutout else None,
        turn=_turns(batch, generator) if config.rotate else None,
        zoom=draw_zoom(batch, generator) if config.zoom else None,
    )


def cutout_side(resolution: int) -> int:
    """Side of the erased square in pixels."""
    return resolution // 4


def _coin(batch: int, odds: float, generator: torch.Generator) -> Tensor:
    return torch.rand(batch, generator=generator, device=generator.device) < odds


def _positions(batch: int, count: int, generator: torch.Generator) -> Tensor:
    return torch.randint(count, (batch, 2), generator=generator, device=generator.device)


def _turns(batch: int, generator: torch.Generator) -> Tensor:
    return torch.randint(4, (batch,), generator=generator, device=generator.device)


def _jitter(batch: int, channels: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    normal = torch.randn(2, batch, channels, generator=generator, device=generator.device) * JITTER_SCALE
    normal = normal * _coin(batch, JITTER_ODDS, generator).view(1, batch, 1)
    return torch.exp2(normal[0]), normal[1]


def _shift(batch: int, pad: int, generator: torch.Generator) -> Tensor:
    """Uniform over the (2 pad + 1)² positions, the centre counted a quarter of their number more often."""
    positions = (2 * pad + 1) ** 2
    extra = int(CENTRE_EXTRA * positions)
    centred = _coin(batch, extra / (positions + extra), generator)
    shift = _positions(batch, 2 * pad + 1, generator) - pad
    return shift.masked_fill(centred[:, None], 0)


def apply_draw(images: Tensor, draw: Draw) -> Tensor:
    """Augmented float32 ``[B, C, H, W]`` (channels-last) of normalised ``images``, likewise.

    The order is that of the study: jitter, gray, flip, shift, cutout; zoom comes first and quarter turns come last.
    Color acts per pixel and is affine, so it is one product; the moves are one gather; everything that must be 0 in
    the end is one mask.
    """
    if draw.zoom is not None:
        images = zoom_images(images, draw.zoom)
    count, channels, height, width = images.shape
    pixels = images.permute(0, 2, 3, 1).reshape(count * height * width, channels)
    keep = None
    if not (draw.flip is draw.shift is draw.cutout is draw.turn is None):
        sources, keep = _source_pixels((count, height, width), draw, images.device)
        pixels = pixels.index_select(0, sources.view(-1))
    shown = _recolor(pixels.view(count, height * width, channels), draw).view(count, height, width, channels)
    return (shown if keep is None else shown * keep[..., None]).permute(0, 3, 1, 2)


def move_maps(maps: Tensor, draw: Draw) -> Tensor:
    """``maps [B, H, W]``, of any type, moved as ``draw`` moves images; 0 where there was no image.

    What only changes colors, and the erased square, leaves them alone.
    """
    if draw.zoom is not None:
        maps = zoom_maps(maps, draw.zoom)
    moves = replace(draw, cutout=None)
    if moves.flip is None and moves.shift is None and moves.turn is None:
        return maps
    sources, inside = _source_pixels(maps.shape, moves, maps.device)
    moved = maps.flatten()[sources.view(-1)].view(maps.shape)
    return moved if inside is None else moved.masked_fill(~inside, 0)


def _source_pixels(shape: Sequence[int], draw: Draw, device: torch.device) -> tuple[Tensor, Tensor | None]:
    """Where each pixel ``[B, H, W]`` comes from in all images laid end to end, and which stay (``None``: all)."""
    count, height, width = shape
    rows, columns, keep = _coordinates(count, height, width, draw, device)
    first = torch.arange(count, device=device)[:, None, None] * height
    sources = (first + rows[:, :, None]) * width + columns[:, None, :]
    if draw.turn is None:
        return sources, keep
    turned = _turned(height, device)[draw.turn]
    sources = sources.flatten(1).gather(1, turned).view_as(sources)
    return sources, None if keep is None else keep.flatten(1).gather(1, turned).view_as(keep)


def _turned(side: int, device: torch.device) -> Tensor:
    """int64 ``[4, side * side]``: which pixel of a square image comes to stand where after 0 to 3 quarter turns."""
    pixels = torch.arange(side * side, device=device).view(side, side)
    return torch.stack([torch.rot90(pixels, turns).flatten() for turns in range(4)])


def _recolor(pixels: Tensor, draw: Draw) -> Tensor:
    """Jitter, then the channel mean where gray, as one affine map of ``[B, P, C]``."""
    batch, _, channels = pixels.shape
    if draw.scale is None and draw.gray is None:
        return pixels
    identity = torch.eye(channels, device=pixels.device).expand(batch, channels, channels)
    matrix = identity if draw.gray is None else torch.where(draw.gray[:, None, None], 1 / channels, identity)
    if draw.scale is None or draw.offset is None:
        return mix(pixels, matrix, pixels.new_zeros(batch, channels))
    return mix(pixels, draw.scale[:, :, None] * matrix, torch.einsum("bi,bij->bj", draw.offset, matrix))


def _coordinates(
    count: int, height: int, width: int, draw: Draw, device: torch.device
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Source rows ``[B, H]`` and columns ``[B, W]``, and which pixels ``[B, H, W]`` stay (``None``: all)."""
    rows = torch.arange(height, device=device).expand(count, height)
    columns = torch.arange(width, device=device).expand(count, width)
    keep = _outside_cutout(rows, columns, draw.cutout)
    if draw.shift is not None:
        rows, columns = rows + draw.shift[:, :1], columns + draw.shift[:, 1:]
        inside = _inside(rows, height)[:, :, None] & _inside(columns, width)[:, None, :]
        keep = inside if keep is None else keep & inside
        rows, columns = rows.clamp(0, height - 1), columns.clamp(0, width - 1)
    if draw.flip is not None:
        columns = torch.where(draw.flip[:, None], width - 1 - columns, columns)
    return rows, columns, keep


def _inside(position: Tensor, size: int) -> Tensor:
    return (position >= 0) & (position < size)


def _outside_cutout(rows: Tensor, columns: Tensor, corner: Tensor | None) -> Tensor | None:
    if corner is None:
        return None
    side = cutout_side(rows.shape[1])
    in_rows, in_columns = (_inside(p - c, side) for p, c in ((rows, corner[:, :1]), (columns, corner[:, 1:])))
    return ~(in_rows[:, :, None] & in_columns[:, None, :])
