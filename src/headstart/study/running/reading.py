"""How long it takes to read images that are kept in files of others: a few are read for nothing but their time."""

import time

import numpy as np

from headstart.data.sources.exchanged import ExchangedSource
from headstart.data.sources.unlabelled import UnlabelledPart, UnlabelledPictures

__all__ = ["ReadSource", "seconds_of_reading"]

ReadSource = ExchangedSource | UnlabelledPart | UnlabelledPictures
"""Sources whose images are decoded."""

SAMPLE = 24
"""Images that are read, from all over the set."""
WRITTEN = 5e-5
"""Seconds of a core that an image takes besides, checked, hashed and written, as 10,000 of 16 px took them."""


_SECONDS: dict[tuple[str, str], float] = {}
"""What was timed in this process, whatever the resolution: what takes long is to list, open and decode."""


def seconds_of_reading(source: ReadSource) -> float:
    """Seconds of one core until all images of ``source`` are decoded, scaled and kept; timed once a process."""
    files = source.outer if isinstance(source, UnlabelledPart) else source
    known = type(source).__name__, files.model_dump_json(exclude={"resolution"})
    if known not in _SECONDS:
        _SECONDS[known] = _timed(source)
    return _SECONDS[known]


def _timed(source: ReadSource) -> float:
    started = time.perf_counter()
    reader = source.reader()
    if reader is None:
        return 0.0
    opened = time.perf_counter()
    rows = np.unique(np.linspace(0, len(reader) - 1, SAMPLE).astype(int)).tolist()
    for row in rows:
        reader.read(row, row + 1)
    each = (time.perf_counter() - opened) / len(rows)
    return opened - started + len(reader) * (each + WRITTEN)
