"""Arrays in ``.npy`` and ``.npz`` files, a run of rows at a time, so that none has to fit into memory.

Nothing is ever unpickled.
"""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.data.exchange.layout import split_of_name
from headstart.data.exchange.splits import UNKNOWN
from headstart.errors import DataError

__all__ = ["ENDINGS", "Chain", "Held", "Values", "arrays_at", "files_at"]

ENDINGS = (".npy", ".npz")
CHUNK = 2**20
DAMAGED = (OSError, ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)


class Values(Protocol):
    """An array that is somewhere. shape: rows first."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Rows ``start`` to ``stop``."""
        ...


@dataclass(frozen=True)
class Held:
    """An array in memory."""

    array: NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        return np.array(self.array[start:stop])  # to write into


@dataclass(frozen=True)
class Mapped:
    """An array in a ``.npy`` file, mapped anew for every run of rows: pages of a map that stays count as memory."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Raises ``DataError`` where the file is gone or changed."""
        try:
            return np.array(np.load(self.path, mmap_mode="r", allow_pickle=False)[start:stop])
        except DAMAGED as error:
            raise DataError(f"{self.path} is no whole array file any more ({error}): save it again") from error


@dataclass(frozen=True)
class Chain:
    """Arrays alike, one after another."""

    parts: tuple[Values, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return sum(part.shape[0] for part in self.parts), *self.parts[0].shape[1:]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.parts[0].dtype

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        found, begin = [], 0
        for part in self.parts:
            end = begin + part.shape[0]
            if start < end and stop > begin:
                found.append(part.rows(max(start, begin) - begin, min(stop, end) - begin))
            begin = end
        return np.concatenate(found) if len(found) != 1 else found[0]


@dataclass
class Member:
    """An array in an archive, compressed or not, read from its begin on; whoever goes back begins again."""

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    _open: list[Any] = field(default_factory=list, repr=False)
    _at: int = 0

    def rows(self, start: int, stop: int) -> NDArray[Any]:
        """Raises ``DataError`` where the archive is damaged."""
        size = int(np.prod(self.shape[1:], dtype=np.int64)) * self.dtype.itemsize
        try:
            if not self._open or start < self._at:
                self._begin()
            for _ in _chunks(self._open[-1], (start - self._at) * size):
                pass
            data = b"".join(_chunks(self._open[-1], (stop - start) * size))
        except DAMAGED as error:
            raise DataError(f"{self.path}: '{self.name}' is damaged ({error}): save it again") from error
        self._at = stop
        if stop == self.shape[0]:
            self.close()
        return np.frombuffer(data, self.dtype).reshape(stop - start, *self.shape[1:]).copy()

    def close(self) -> None:
        """Let go of the archive."""
        for file in reversed(self._open):
            file.close()
        self._open = []

    def _begin(self) -> None:
        self.close()
        archive = zipfile.ZipFile(self.path)
        self._open.append(archive)
        self._open.append(archive.open(f"{self.name}.npy"))
        self._at = 0
        _header(self._open[-1])

    def __del__(self) -> None:
        self.close()


def _chunks(file: IO[bytes], size: int) -> Iterator[bytes]:
    while size > 0:
        chunk = file.read(min(size, CHUNK))
        if not chunk:
            raise EOFError("it ends within its numbers")
        size -= len(chunk)
        yield chunk


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    return shape, fortran, dtype


def files_at(path: Path) -> list[Path]:
    """The files that ``arrays_at`` would read."""
    if path.is_dir():
        return sorted(file for file in path.iterdir() if _is_array_file(file))
    beside = (file for file in path.parent.iterdir() if file != path and _is_array_file(file))
    return [path, *sorted(file for file in beside if path.suffix.lower() == file.suffix.lower() == ".npy")]


def _is_array_file(file: Path) -> bool:
    return file.suffix.lower() in ENDINGS and file.is_file() and not file.name.startswith(".")


def arrays_at(path: Path) -> Mapping[str, Values]:
    """Arrays by name: members of an archive, ``.npy`` files of a folder, or a ``.npy`` file and those beside it.

    An archive in a folder lends its name to its members if it is that of a split: ``test.npz`` holds ``test_x``. A file
    on its own is called ``images``, whatever its name. Raises ``DataError``, naming the file, for one that is damaged
    or holds Python objects, and for two that hold an array of the same name.
    """
    found: dict[str, Values] = {}
    sources: dict[str, Path] = {}
    for number, file in enumerate(files_at(path)):
        alone = not path.is_dir() and number == 0
        for name, values in _arrays_in(file).items():
            called = "images" if alone and file.suffix.lower() == ".npy" else _called(path, file, name)
            if called in found:
                raise DataError(
                    f"{sources[called]} and {file} both hold '{called}': call them train and test, join them, or name "
                    "one of them"
                )
            found[called], sources[called] = values, file
    return found


def _called(path: Path, file: Path, name: str) -> str:
    if file.suffix.lower() == ".npz":
        return f"{file.stem}_{name}" if path.is_dir() and split_of_name(file.stem) != UNKNOWN else name
    shared = path.stem if not path.is_dir() else ""
    return name.removeprefix(shared).lstrip("_-. ") or name


def _arrays_in(file: Path) -> Mapping[str, Values]:
    try:
        if file.suffix.lower() == ".npy":
            with file.open("rb") as begin:
                _refuse_objects(f"{file}", _header(begin)[2])
            mapped = np.load(file, mmap_mode="r", allow_pickle=False)
            return {file.stem: Mapped(file, mapped.shape, mapped.dtype)}
        with zipfile.ZipFile(file) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
            return {name: _member(file, archive, name) for name in names}
    except DAMAGED as error:
        raise DataError(f"{file} is no whole array file ({error}): save it again") from error


def _member(file: Path, archive: zipfile.ZipFile, name: str) -> Values:
    with archive.open(f"{name}.npy") as begin:
        shape, fortran, dtype = _header(begin)
    _refuse_objects(f"{file}: '{name}'", dtype)
    if fortran or not shape:  # laid out column by column, it has no rows to read one after another
        with archive.open(f"{name}.npy") as whole:
            return Held(np.lib.format.read_array(whole, allow_pickle=False))
    return Member(file, name, shape, dtype)


def _refuse_objects(where: str, dtype: np.dtype[Any]) -> None:
    if dtype.hasobject:
        raise DataError(
            f"{where} holds Python objects, which only pickle can load, and that may run any code: save numbers "
            "(np.stack(images)) or text (np.array(names, dtype=str))"
        )
