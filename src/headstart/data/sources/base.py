"""What a source of images is."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, PlainSerializer

from headstart.data.sources.choice import as_keys, read_unlabelled
from headstart.schema import Schema

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Duplicates", "FoundSource", "Progress", "Source", "SourceInfo"]

Duplicates = Literal["keep", "drop"]

Progress = Callable[[int, int], None]
"""Called with (done, total)."""


@dataclass(frozen=True)
class SourceInfo:
    """counts: images per split. classes: names by number. targets: names of the annotations. guesses: what nobody said,
    each with its reason. left_out: how many files, and why, in a clause; nothing if there are none. notes: what may not
    be meant, in sentences. unlabelled: images that are in none of the splits, for pretraining alone."""

    counts: Mapping[str, int]
    classes: tuple[str, ...]
    targets: tuple[str, ...]
    resolution: int
    channels: int
    guesses: tuple[str, ...] = ()
    left_out: str = ""
    notes: tuple[str, ...] = ()
    unlabelled: int = 0
    dtype: str = "uint8"


class Source(Schema):
    """A source is its own configuration: the keys of ``dataset:`` in a study, checked.

    unlabelled: more pictures, which pretraining sees beside the training split, and nothing else does: their path, or
    the keys of a source. Their resolution is that of this source.
    """

    unlabelled: Annotated[
        "Source | None", BeforeValidator(read_unlabelled), PlainSerializer(lambda source: source and as_keys(source))
    ] = None

    def pool(self) -> "tuple[Source, ...]":
        """Sources of which every image is for pretraining alone."""
        return () if self.unlabelled is None else (self.unlabelled.like(self),)

    def like(self, other: "Source") -> "Source":
        """The same pictures, of the resolution of ``other`` and made square as they are, where nothing else is said."""
        told = {"resolution": other.info().resolution, "fit": getattr(other, "fit", None)}
        unsaid = type(self).model_fields.keys() - self.model_fields_set
        keys = [key for key, value in told.items() if key in unsaid and value is not None]
        return self.model_copy(update={key: told[key] for key in keys})

    @property
    @abstractmethod
    def name(self) -> str:
        """What tables and charts call the dataset."""

    @property
    def twice(self) -> "Duplicates | None":
        """What becomes of training images that validation or test has, too. ``None``: they are not looked for."""
        return None

    @abstractmethod
    def info(self) -> SourceInfo:
        """What is known before any image is made, so that a study which cannot work is refused at once."""

    def stream(self) -> "Callable[[int, int], Tensor] | None":
        """Where the source makes images without end: (start, stop) to unlabelled images, uint8 ``[n, C, H, W]``.

        Row r is always the same image, alike to the training split's but not among them. ``None``: a fixed set.
        """
        return None

    @property
    def streams(self) -> bool:
        """Whether ``stream`` gives something."""
        return False

    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """Everything that can change the images or targets; two equal identities share cached work."""

    @abstractmethod
    def materialise(self, folder: Path, *, workers: int | None, progress: Progress | None) -> Path:
        """Make the images, in ``folder`` if they must be made, and return the dataset folder that holds them.

        Called again after an interruption it goes on where it stopped.
        """


class FoundSource(Source):
    """Images that somebody has. duplicates: training images that are nearly or exactly the same as one of validation or
    test are told, and with ``drop`` taken out of training."""

    duplicates: Duplicates = "keep"

    @property
    def twice(self) -> Duplicates:
        return self.duplicates
