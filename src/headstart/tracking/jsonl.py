"""Every number as a line of JSON, always."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from headstart.tracking.base import Scalar, Tracker

__all__ = ["METRICS", "JsonlTracker"]

METRICS = "metrics.jsonl"


class JsonlTracker(Tracker):
    """A file beside the report, ``metrics.jsonl``: ``{"series": …, "name": …, "value": …, "step": …}`` a line."""

    def __init__(self, folder: Path, study: str, settings: Mapping[str, str]) -> None:
        del study, settings
        self._path = folder / METRICS
        self._file: TextIO | None = None  # a study that is planned and not run leaves the file of its last run

    def log(self, scalar: Scalar) -> None:
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8")
        print(json.dumps(scalar._asdict()), file=self._file, flush=True)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
