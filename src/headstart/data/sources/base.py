"""What a source of images is."""

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headstart.schema import Schema

__all__ = ["Progress", "Source"]

Progress = Callable[[int, int], None]
"""Called with (done, total)."""


class Source(Schema):
    """A source is its own configuration: the keys of ``dataset:`` in a study, checked."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What tables and charts call the dataset."""

    @property
    @abstractmethod
    def images(self) -> int:
        """How many images the three splits hold together, for plans and estimates."""

    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """Everything that can change the images or targets; two equal identities share cached work."""

    @abstractmethod
    def materialise(self, folder: Path, *, workers: int | None, progress: Progress | None) -> Path:
        """Make the images, in ``folder`` if they must be made, and return the dataset folder that holds them.

        Called again after an interruption it goes on where it stopped.
        """
