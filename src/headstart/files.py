"""Files that are written whole or not at all."""

import errno
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from headstart.cache import holds
from headstart.errors import StoreError

__all__ = ["PARTIAL", "sync_folder", "unwritable", "write_atomic"]

PARTIAL = ".partial"
MOST_THREADS = 16


def write_atomic(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Write ``path`` whole: under a temporary name in its folder, synced to disk, then renamed.

    A reader, or a machine that loses power, sees the old file or the new one; without ``sync`` a reader does, and for
    the disk ``sync_folder`` has to follow. Raises ``StoreError`` if it cannot.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PARTIAL}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                if sync:
                    os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        if sync:
            _sync(path.parent)
    except OSError as error:
        raise StoreError(unwritable(path, error)) from error


def unwritable(path: Path, error: OSError) -> str:
    """What to say when ``path`` cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"no space left for {path}: free some and run the same command again; what is finished is kept"
    way_out = "name another in HEADSTART_CACHE, or with --store for finished jobs" if holds(path) else "choose a folder"
    return f"{path} cannot be written ({error.strerror}): {way_out} that you may write to"


def sync_folder(folder: Path) -> None:
    """Bring ``folder`` and the files in it to disk, all at once: then it is waited for once, and not for each of them.

    Raises ``StoreError`` if it cannot.
    """
    paths = [folder, *(Path(entry.path) for entry in os.scandir(folder) if entry.is_file())]
    try:
        with ThreadPoolExecutor(min(len(paths), MOST_THREADS)) as pool:
            list(pool.map(_sync, paths))
    except OSError as error:
        raise StoreError(unwritable(folder, error)) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
