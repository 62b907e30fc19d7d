"""What a format is: how to write a dataset folder in it, and how to read one back in the dataset's own order."""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from headstart.data.exchange.account import Account
from headstart.data.exchange.kinds import Kind, reason
from headstart.data.exchange.stored import Stored
from headstart.errors import ConfigError
from headstart.folder import IMPORTED, SPLITS, Manifest
from headstart.names import as_text
from headstart.schema import Schema

__all__ = ["Bad", "Format", "ReadOptions", "Reader", "needs", "new_manifest"]


class ReadOptions(Schema):
    """How to read what headstart did not write.

    resolution: pixels per side; pictures are scaled to it and cut to their central square. Default: that of the
    pictures, if all are square and alike. seed: of the draw of splits, where the data has none.
    """

    resolution: int | None = Field(default=None, ge=8, le=2048)
    seed: int = 0


Options = TypeVar("Options", bound=ReadOptions)


class Bad(NamedTuple):
    """A file or member that cannot be read as it should be. row: of the picture that it is, or belongs to. reason: a
    clause."""

    row: int
    file: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file} ({self.reason})"


@dataclass
class Reader(ABC):
    """Images in some format, in the order of the dataset that they are or will be.

    manifest: what is known of them; its shards only tell sizes. splits: uint8 ``[N]``: 0 train, 1 val, 2 test.
    targets: names of the annotations. unreadable: what ``read`` could not make sense of so far. account: what
    became of every file, and what was guessed.
    """

    manifest: Manifest
    splits: NDArray[np.uint8]
    targets: tuple[str, ...]
    unreadable: list[Bad] = field(default_factory=list, init=False)
    account: Account = field(default_factory=Account, init=False)

    @property
    def kind(self) -> Kind:
        """What every image is."""
        return Kind(self.manifest.channels, self.manifest.dtype)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of an image: C, H, W."""
        return self.manifest.channels, self.manifest.resolution, self.manifest.resolution

    def portion(self, start: int, stop: int) -> "Reader | None":
        """A reader of rows start to stop alone, for another process; ``None`` where only this one can read."""
        del start, stop
        return None

    def bad(self, row: int, file: str, error: Exception) -> None:
        """Note what cannot be read, from any thread."""
        self.unreadable.append(Bad(row, as_text(file), reason(error)))

    def name_of(self, row: int) -> str:
        """What a row is called where the data has no better name for it."""
        return f"image {row}"

    def blank(self) -> NDArray[Any]:
        """What stands for an image that cannot be read."""
        return np.zeros(self.shape, dtype=self.manifest.dtype)

    def sides(self, rows: Sequence[int]) -> list[int]:
        """Shorter sides in pixels of some pictures as their files have them; none where they are read as they were
        written, and to no other resolution. Pictures that cannot be read are left out."""
        del rows
        return []

    @abstractmethod
    def read(self, start: int, stop: int) -> Mapping[str, NDArray[Any]]:
        """Rows start to stop: ``images`` ``[n, C, H, W]``, of the manifest's type, and ``target.NAME``.

        A picture that cannot be read goes into ``unreadable``, and its row is 0. Raises ``DataError`` for
        everything else that is not as it should be.
        """

    def __len__(self) -> int:
        return len(self.splits)


@dataclass(frozen=True)
class Format(Generic[Options]):
    """One way to keep images and annotations in files.

    summary: one line for lists. options: what ``read`` takes. write: (dataset, empty folder, called with the number of
    images done). read: a reader, quickly: headers and labels, no pictures. recognises: whether a path holds such data.
    scales: whether ``read`` can scale pictures to a resolution.
    """

    name: str
    summary: str
    options: type[Options]
    write: Callable[[Stored, Path, Callable[[int], None]], None]
    read: Callable[[Path, Options], Reader]
    recognises: Callable[[Path], bool]
    scales: bool = True


def new_manifest(
    name: str,
    made_by: Mapping[str, Any],
    kind: Kind,
    classes: Sequence[str],
    splits: NDArray[np.uint8],
    groups: Sequence[str] = (),
) -> Manifest:
    """The manifest of images of ``kind`` that come from elsewhere. made_by: their resolution is in it."""
    counts = np.bincount(splits, minlength=len(SPLITS))[: len(SPLITS)].tolist()
    return Manifest(
        name=as_text(name),
        created_by=f"headstart {version('headstart')}",
        made_by=dict(made_by),
        seed=int(made_by.get("seed", 0)),
        engine=IMPORTED,
        resolution=made_by["resolution"],
        channels=kind.channels,
        dtype=kind.dtype,
        classes=tuple(classes),
        groups=tuple(groups),
        counts=dict(zip(SPLITS, counts, strict=True)),
        shards=(),
    )


def needs(package: str, extra: str) -> Any:
    """An optional package, imported. Raises ``ConfigError`` with the command that installs it."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ConfigError(f"this format needs {package} ({error}): pip install 'headstart[{extra}]'") from error
