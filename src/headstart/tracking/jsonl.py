"""Every number as a line of JSON, always."""

import json
from collections.abc import Mapping
from pathlib import Path

from headstart.tracking.base import Scalar, Tracker

__all__ = ["METRICS", "JsonlTracker"]

METRICS = "metrics.jsonl"


class JsonlTracker(Tracker):
    """A file beside the report, ``metrics.jsonl``: ``{"series": …, "name": …, "value": …, "step": …}`` a line."""

    def __init__(self, folder: Path, study: str, settings: Mapping[str, str]) -> None:
        del study, settings
        self._file = (folder / METRICS).open("w")

    def log(self, scalar: Scalar) -> None:
        print(json.dumps(scalar._asdict()), file=self._file, flush=True)

    def close(self) -> None:
        self._file.close()
