"""Where work that can be done again is kept."""

import os
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder(kind: str) -> Path:
    """The folder for one kind of cached work: in ``HEADSTART_CACHE``, or else in ``~/.cache/headstart``."""
    return Path(os.environ.get("HEADSTART_CACHE") or "~/.cache/headstart").expanduser() / kind
