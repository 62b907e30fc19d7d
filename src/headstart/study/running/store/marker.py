"""The marker of a finished job: that it is done, and which bytes it left."""

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, NamedTuple

__all__ = ["FileFacts", "Marker"]


class FileFacts(NamedTuple):
    """Size in bytes and SHA-256 in hex."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Marker:
    """seconds: how long the job ran; NaN if a loss of power took it. finished: seconds since 1970. files: by their
    names in the job's folder; ``None`` in stores from before there were checksums."""

    seconds: float
    files: Mapping[str, FileFacts] | None
    finished: float = field(default_factory=time.time)

    def dump(self) -> bytes:
        """As JSON.

        >>> Marker(1.5, {"a": FileFacts(3, "ab")}, finished=7.0).dump()
        b'{"seconds": 1.5, "finished": 7.0, "files": {"a": [3, "ab"]}}'
        """
        return json.dumps({"seconds": self.seconds, "finished": self.finished, "files": self.files}).encode()

    @classmethod
    def parse(cls, data: bytes) -> "Marker":
        """The inverse of ``dump``. Raises ``ValueError`` for anything else, but for nothing at all: of a marker that
        was not synced, a loss of power used to leave the name alone."""
        if not data:
            return cls(math.nan, None, math.nan)
        try:
            values: dict[str, Any] = json.loads(data)
            files = values.get("files")
            known = None if files is None else {_inside(name): FileFacts(*facts) for name, facts in files.items()}
            return cls(float(values["seconds"]), known, float(values.get("finished", math.nan)))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no marker: {error}") from error

    def wanted(self, names: "tuple[str, ...] | None") -> Mapping[str, FileFacts] | None:
        """Facts of those of ``names`` that there are, or of all."""
        if self.files is None or names is None:
            return self.files
        return {name: self.files[name] for name in names if name in self.files}


def _inside(name: str) -> str:
    """``name``, which must lead nowhere but into the folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise ValueError(f"{name!r} lies outside of the job's folder")
    return name
