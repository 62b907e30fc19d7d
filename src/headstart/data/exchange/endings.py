"""Which files are pictures, by what their names end with, and which of them can be read."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from PIL import Image, ImageFile, features

from headstart.names import as_text

__all__ = ["UNREAD", "endings_in", "picture_endings", "picture_formats", "remedy"]

ARRAY, FEW = ".npy", 4
UNFIT = {"EPS", "FITS", "IPTC", "MPEG"}
"""Formats that Pillow knows and would draw with another program, in the wrong order of bytes, or not at all."""
FREQUENT = {"JPEG", "PNG"}
NEEDS = {"AVIF": "avif", "JPEG2000": "jpg_2000", "WEBP": "webp"}
"""Formats that Pillow reads where it was built with a library for them."""
VECTORS = {".ai", ".emf", ".eps", ".ps", ".svg", ".wmf"}
SENSORS = {".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".raw", ".rw2"}
HEIF = {".heic", ".heics", ".heif", ".heifs", ".hif"}
UNREAD = VECTORS | SENSORS | HEIF | {".exr", ".fit", ".fits", ".hdr", ".jxl", ".psb", ".xcf"}
"""What names of other pictures end with."""


@cache
def picture_formats() -> tuple[str, ...]:
    """Pillow's names of the formats that are read, HEIF among them where its package is installed."""
    Image.init()
    if find_spec("pillow_heif"):
        import_module("pillow_heif").register_heif_opener()
    known = (name for name, (factory, _) in Image.OPEN.items() if _reads(name, factory))
    return tuple(sorted(known, key=lambda name: name not in FREQUENT))  # Pillow asks one after another


@cache
def picture_endings() -> Mapping[str, str]:
    """The format by what a name ends with, in lower case: everything that Pillow registers and reads, and ``.npy``.

    >>> picture_endings()[".jfif"]
    'JPEG'
    """
    known = picture_formats()
    endings = {ending: name for ending, name in Image.registered_extensions().items() if name in known}
    return MappingProxyType(endings | {ARRAY: "NumPy"})


def remedy(ending: str) -> str:
    """What to do with a picture of an ending in ``UNREAD``.

    >>> remedy(".svg")
    'convert to PNG'
    """
    return "convert to PNG, or pip install 'headstart[heif]'" if ending in HEIF else "convert to PNG"


def endings_in(path: Path) -> str:
    """What the files at ``path`` are, by the ends of their names: ``12 × .txt, 3 × .pdf``."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    counts = Counter(file.suffix.lower() or "no ending" for file in files).most_common(FEW + 1)
    told = [f"{count} × {as_text(ending)}" for ending, count in counts[:FEW]]
    return ", ".join([*told, *(["…"] if len(counts) > FEW else [])]) or "no files at all"


def _reads(name: str, factory: object) -> bool:
    stub = isinstance(factory, type) and issubclass(factory, ImageFile.StubImageFile)
    return not stub and name not in UNFIT and (name not in NEEDS or bool(features.check(NEEDS[name])))
