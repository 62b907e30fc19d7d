"""A run in one file: all that its tables and reports are read from, to be drawn where its store is not."""

import io
import json
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from headstart.errors import StoreError
from headstart.files import unwritable, write_atomic
from headstart.study.results.run_folder import CONFIG, ENVIRONMENT, INFO, KEPT, RunFolder

__all__ = ["pack_run", "unpack_run"]

SUFFIX = ".zip"
BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The time that every member bears, so that the same run gives the same file."""
REPLACED = ".replaced"
NEEDED = (CONFIG, ENVIRONMENT, f"{KEPT}/{INFO}")
LARGEST = 2_000_000_000
"""Bytes that no run's records come to: what claims more is made to fill a disk."""


def pack_run(run: Path | str, out: Path | str = ".") -> Path:
    """Write what was measured in the folder ``run`` into ``out/NAME.zip``, and return its path.

    That is the study, the machine it ran on, and what each job came to; not the weights, nor the pages that are written
    anew from it. Raises ``StoreError`` where no study was run into the folder, or where one is running.

    >>> pack_run("runs/quickstart")  # doctest: +SKIP
    PosixPath('quickstart.zip')
    """
    found = RunFolder.open(Path(run).expanduser())
    data = io.BytesIO()
    with found.held(), zipfile.ZipFile(data, "w") as archive:
        for name, content in _records(found.folder):
            member = zipfile.ZipInfo(f"{found.info.name}/{name}", BEGINNING)
            archive.writestr(member, content, zipfile.ZIP_DEFLATED, 9)
    path = Path(out).expanduser() / f"{found.info.name}{SUFFIX}"
    write_atomic(path, data.getvalue())
    return path


def unpack_run(file: Path | str, out: Path | str = "runs", *, replace: bool = False) -> Path:
    """Put a packed run into ``out/NAME``, and return that folder; ``Study.load``, reports and ``reproduce
    --what-is-there`` read it as if it had been run here.

    replace: whether it may take the place of a run that lies there. Raises ``StoreError`` for a file that is no packed
    run or is damaged, and for what is in its way: a run, one that is running, or anything else.

    >>> unpack_run("quickstart.zip")  # doctest: +SKIP
    PosixPath('runs/quickstart')
    """
    file, out = Path(file).expanduser(), Path(out).expanduser()
    try:
        with zipfile.ZipFile(file) as archive:
            folder = out / _name_in(archive, file)
            _refuse_place(folder, file, replace)
            _extract(archive, folder)
    except (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise StoreError(
            f"{file} cannot be unpacked ({error}): name a file that `headstart study pack` wrote"
        ) from error
    return folder


def _records(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of what is packed. Where the store lay says nothing elsewhere, and is left out."""
    environment = json.loads((folder / ENVIRONMENT).read_text(encoding="utf-8"))
    yield ENVIRONMENT, json.dumps({name: environment[name] for name in environment if name != "store"}).encode()
    for path in (folder / CONFIG, *sorted((folder / KEPT).rglob("*"))):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _name_in(archive: zipfile.ZipFile, file: Path) -> str:
    """The run's name. Raises ``StoreError`` where the file holds anything but one run."""
    paths = [PurePosixPath(name) for name in archive.namelist()]
    tops = {path.parts[0] for path in paths if path.parts}
    astray = [path for path in paths if path.is_absolute() or ".." in path.parts or "\\" in str(path)]
    size = sum(member.file_size for member in archive.infolist())
    name = tops.pop() if len(tops) == 1 else ""
    lacking = {f"{name}/{needed}" for needed in NEEDED} - set(archive.namelist())
    if astray or lacking or size > LARGEST:
        raise StoreError(f"{file} is not a packed run: name a file that `headstart study pack` wrote")
    return name


def _refuse_place(folder: Path, file: Path, replace: bool) -> None:
    """Raises ``StoreError`` where a run is in the way that nobody said to ``replace``, or what is no run."""
    if folder.exists() and not replace:
        raise StoreError(
            f"{folder} is there already: name another folder with --out, or say --replace to put {file.name} in its "
            "place"
        )
    if folder.exists() and not RunFolder.lies_in(folder):
        raise StoreError(f"{folder} is no run, so that nothing is put in its place: name another folder with --out")


def _extract(archive: zipfile.ZipFile, folder: Path) -> None:
    """Beside its place first, so that what is half unpacked is never taken for a run."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        place = tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpacked-")
    except OSError as error:
        raise StoreError(unwritable(folder, error)) from error
    with place as beside:
        archive.extractall(beside)
        if folder.exists():
            with RunFolder(folder).held():
                folder.rename(Path(beside) / REPLACED)
        (Path(beside) / folder.name).rename(folder)
