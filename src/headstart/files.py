"""Files that are written whole or not at all."""

import errno
import os
import secrets
from pathlib import Path

from headstart.errors import StoreError

__all__ = ["PARTIAL", "unwritable", "write_atomic"]

PARTIAL = ".partial"


def write_atomic(path: Path, data: bytes) -> None:
    """Write ``path`` whole: under a temporary name in its folder, synced to disk, then renamed.

    A reader, or a machine that loses power, sees the old file or the new one. Raises ``StoreError`` if it cannot.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PARTIAL}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise StoreError(unwritable(path, error)) from error


def unwritable(path: Path, error: OSError) -> str:
    """What to say when ``path`` cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space left for {path}: free some and run the same command again; what is finished is kept"
    return f"{path} cannot be written ({error.strerror}): choose a folder that you may write to"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
