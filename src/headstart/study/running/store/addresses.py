"""From what a user calls a store to where it lies."""

from pathlib import Path

from headstart.study.running.store.backend import Backend
from headstart.study.running.store.folder import FolderBackend

__all__ = ["open_backend"]


def open_backend(address: str | Path) -> Backend:
    return FolderBackend(Path(address))
