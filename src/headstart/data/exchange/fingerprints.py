"""What files hold, as one hash, whatever their folder is called."""

import hashlib
from pathlib import Path

from headstart.errors import DataError
from headstart.scenes.disk.digests import digests, fingerprint
from headstart.scenes.disk.tree import Entry, Folder, files_of

__all__ = ["fingerprint_of"]

LARGE = 64 * 2**20
"""Bytes from which a file is hashed as it streams by; hashes of smaller ones are kept until the file changes."""


def fingerprint_of(path: Path) -> str:
    """One hash of every file below ``path``, or of the file ``path``: their names below it, and their contents.

    Raises ``DataError`` if there is nothing, or if a file cannot be read.
    """
    single = path.is_file() and path.suffix.lower() != ".zip"
    entries = [Entry(Folder((), path.parent), path.name)] if single else files_of(path)
    large = [entry for entry in entries if entry.member is None and entry.size >= LARGE]
    known = digests(path, [entry for entry in entries if entry not in set(large)])
    parts = {"/".join(entry.parts): digest for entry, digest in known.items()}
    parts |= {"/".join(entry.parts): _streamed(entry.path) for entry in large}
    return fingerprint({"": next(iter(parts.values()))} if single else parts)


def _streamed(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): mend or remove it") from error
