"""Folders that are written whole, or not at all."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from headstart.errors import StoreError
from headstart.files import PARTIAL

__all__ = ["staged_folder"]


@contextmanager
def staged_folder(out: Path) -> Iterator[Path]:
    """An empty folder beside ``out`` that takes its place once all in it is done, and vanishes if it is not.

    Raises ``StoreError`` if ``out`` holds something, is being written by another process, or cannot be written.
    """
    partial = out.parent / f".{out.name}{PARTIAL}"
    files = partial / "files"
    try:
        _refuse_occupied(out)
        partial.mkdir(parents=True, exist_ok=True)
        with FileLock(partial / ".lock", timeout=0):
            try:
                shutil.rmtree(files, ignore_errors=True)  # of a process that was killed
                files.mkdir()
                yield files
                files.replace(out)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    except Timeout as error:
        raise StoreError(f"another process is writing {out}: wait for it, or name another folder") from error
    except OSError as error:
        raise StoreError(_unwritable(out, error)) from error
    except StoreError as error:
        cause = error.__cause__
        raise (StoreError(_unwritable(out, cause)) if isinstance(cause, OSError) else error) from cause


def _refuse_occupied(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        what = "holds other files" if out.is_dir() else "is a file"
        raise StoreError(f"{out} exists and {what}: name a new folder, or empty this one")


def _unwritable(out: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
        return f"no space left for {out}: free some and run the same command again"
    return f"{out} cannot be written ({error.strerror or error}): name a folder that you may write to"
