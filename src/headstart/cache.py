"""Where work that can be done again is kept."""

import os
from pathlib import Path

from headstart.errors import StoreError

__all__ = ["DEFAULT_STORE", "at_home", "cache_folder", "holds"]

DEFAULT_STORE = Path("~/.cache/headstart")
"""Jobs of studies are kept there, too."""


def cache_folder(kind: str) -> Path:
    """The folder for one kind of cached work: in ``HEADSTART_CACHE``, or else in ``DEFAULT_STORE``.

    Raises ``StoreError`` where that is to be in a home, and there is none.
    """
    return at_home(Path(os.environ.get("HEADSTART_CACHE") or DEFAULT_STORE), "HEADSTART_CACHE") / kind


def at_home(path: Path, setting: str) -> Path:
    """``path`` with ``~`` as the home folder. Raises ``StoreError``, naming the ``setting``, where no home is known."""
    try:
        return path.expanduser()
    except RuntimeError as error:  # a user of a container, without HOME
        raise StoreError(f"{path} is in a home, and none is known: name another folder in {setting}") from error


def holds(path: Path) -> bool:
    """Whether ``path`` is where cached work is kept."""
    try:
        return path.is_relative_to(cache_folder(""))
    except StoreError:
        return False
