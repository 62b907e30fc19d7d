"""Every file of a folder or zip archive of pictures: none is passed over without a word."""

import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from headstart.data.exchange.account import Account
from headstart.data.exchange.endings import UNREAD, picture_endings, remedy
from headstart.errors import DataError
from headstart.names import as_text
from headstart.scenes.disk.tree import Entry

__all__ = ["TABLES", "listed", "pictures_among"]

ARCHIVE = ".zip"
TABLES = (".csv", ".tsv", ".parquet")
JUNK = {
    "@eadir": "thumbnails of a network disk (@eaDir)",
    "__macosx": "put there by macOS (__MACOSX)",
    "#recycle": "deleted (#recycle)",
    "$recycle.bin": "deleted ($RECYCLE.BIN)",
    "lost+found": "left over of a disk check (lost+found)",
    "thumbs.db": "thumbnails of Windows (Thumbs.db)",
    "desktop.ini": "put there by Windows (desktop.ini)",
}
"""What systems put among people's files."""


def listed(root: Path, account: Account) -> list[Entry]:
    """The files below ``root`` in the order of their paths, without hidden ones and what systems put there.

    Those are skipped in ``account``. Raises ``DataError`` if ``root`` is no folder and no zip archive, or if a folder
    or archive below it cannot be read.
    """
    if root.is_dir():
        found = _in_folder(root, account)
    elif root.suffix.lower() == ARCHIVE and root.is_file():
        found = _in_archive(root, ())
    else:
        raise DataError(f"{root} is neither a folder nor a zip archive: name one that exists")
    entries = []
    for entry in sorted(found, key=lambda one: one.parts):
        reason = _junk(entry.parts)
        if reason is None:
            entries.append(entry)
        else:
            account.skip("/".join(entry.parts), reason)
    return entries


def pictures_among(entries: Iterable[Entry], account: Account) -> tuple[list[Entry], list[Entry]]:
    """Those that can be read, by their endings, and other pictures; these and all else are skipped in ``account``."""
    readable, others = [], []
    for entry in entries:
        if entry.suffix in picture_endings():
            readable.append(entry)
            continue
        if entry.suffix in UNREAD:
            others.append(entry)
        account.skip("/".join(entry.parts), _why_not(entry.suffix))
    return readable, others


def _why_not(ending: str) -> str:
    if ending in TABLES:
        return f"a table ({ending}), which --from table reads"
    if ending in UNREAD:
        return f"a picture that cannot be read ({ending}): {remedy(ending)}"
    return f"no picture ({ending})" if ending else "no picture (no ending)"


def _junk(parts: Iterable[str]) -> str | None:
    """Why a file is nobody's picture, if it is none."""
    for part in parts:
        if part.lower() in JUNK:
            return JUNK[part.lower()]
        if part.startswith("."):
            return "put there by macOS (._*)" if part.startswith("._") else "hidden (.*)"
    return None


def _in_folder(root: Path, account: Account) -> Iterator[Entry]:
    """A hidden folder is one entry, and what is in it none: it may be a whole history of versions."""
    seen: set[str] = set()
    for folder, inner, names in os.walk(root, followlinks=True, onerror=_refuse):
        here = Path(folder).relative_to(root)
        real = os.path.realpath(folder)
        if real in seen:
            account.skip(f"{here}/", "a link to a folder that is read already")
            inner.clear()
            continue
        seen.add(real)
        for name in (name for name in inner if name.startswith(".")):
            account.skip(f"{(here / name).as_posix()}/", "hidden (.*)")
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in names:
            path = Path(folder, name)
            if not path.is_file():
                account.skip((here / name).as_posix(), "a link that leads nowhere, or no file")
            elif path.suffix.lower() == ARCHIVE and _junk([name]) is None:
                yield from _in_archive(path, tuple(map(as_text, (here / name).with_suffix("").parts)))
            else:
                yield Entry(tuple(map(as_text, (here / name).parts)), path)


def _refuse(error: OSError) -> None:
    raise DataError(f"{error.filename} cannot be read ({error.strerror}): allow it, or remove it")


def _in_archive(path: Path, parents: tuple[str, ...]) -> Iterator[Entry]:
    """Members; a folder in the archive that only repeats the archive's name is no folder of its own."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info.filename for info in archive.infolist() if not info.is_dir()]
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not a whole zip archive ({error}): unpack or download it again") from error
    for member in members:
        steps = PurePosixPath(member).parts
        inner = steps[1:] if parents and len(steps) > 1 and steps[0] == parents[-1] else steps
        yield Entry((*parents, *inner), path, member)
