"""Fonts for names in any script: one that has all their letters, or else the letters' numbers."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from PIL import ImageFont

__all__ = ["Font", "Written", "fonts_of_size", "written"]

Font = ImageFont.ImageFont | ImageFont.FreeTypeFont
SYSTEM = (
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf",
    "wqy-microhei.ttc", "DroidSansFallbackFull.ttf", "Arial Unicode.ttf", "PingFang.ttc", "Hiragino Sans GB.ttc",
    "msyh.ttc", "msgothic.ttc", "malgun.ttf", "Nirmala.ttf", "NotoSansArabic-Regular.ttf", "NotoSansHebrew-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf", "NotoSansThai-Regular.ttf", "FreeSans.ttf", "unifont.ttf",
)  # fmt: skip
"""Files in the folders where operating systems keep fonts, those of many scripts among them."""
NO_LETTER = "\U0010fffe"
"""A number that will never be a letter: every font draws its sign for a missing one."""


class Written(NamedTuple):
    """A text as it can be drawn, and the font to draw it in."""

    text: str
    font: Font


@cache
def fonts_of_size(size: int) -> tuple[Font, ...]:
    """Pillow's own font, then those of this machine. size: in pixels."""
    fonts: list[Font] = [ImageFont.load_default(size)]
    for name in SYSTEM:
        try:
            fonts.append(ImageFont.truetype(name, size))
        except OSError:  # not on this machine
            continue
    return tuple(fonts)


def written(text: str, fonts: Sequence[Font]) -> Written:
    r"""``text`` in the first of ``fonts`` that has all its letters; where none has, in the first, with the numbers of
    the letters that it lacks.

    >>> written("2 \N{CAT FACE}", fonts_of_size(11)[:1]).text
    '2 \\U0001f431'
    """
    for font in fonts:
        if not _lacking(text, font):
            return Written(text, font)
    lacking = _lacking(text, fonts[0])
    shown = (sign.encode("ascii", "backslashreplace").decode() if sign in lacking else sign for sign in text)
    return Written("".join(shown), fonts[0])


def _lacking(text: str, font: Font) -> set[str]:
    return {sign for sign in set(text) if not sign.isspace() and _lacks(font, sign)}


@cache
def _lacks(font: Font, sign: str) -> bool:
    """Whether a font draws a letter as it draws what is none."""
    return _drawn(font, sign) == _drawn(font, NO_LETTER)


def _drawn(font: Font, sign: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(sign)
    return mask.size, bytes(mask)
