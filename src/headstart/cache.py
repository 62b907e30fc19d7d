"""Where work that can be done again is kept."""

import os
from pathlib import Path

__all__ = ["DEFAULT_STORE", "cache_folder"]

DEFAULT_STORE = Path("~/.cache/headstart")
"""Jobs of studies are kept there, too."""


def cache_folder(kind: str) -> Path:
    """The folder for one kind of cached work: in ``HEADSTART_CACHE``, or else in ``DEFAULT_STORE``."""
    return Path(os.environ.get("HEADSTART_CACHE") or DEFAULT_STORE).expanduser() / kind
