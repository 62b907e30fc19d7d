"""What an import made of every file: used, or skipped and why; and what it guessed, and from what."""

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["Account", "Guess", "Skipped"]


@dataclass(frozen=True)
class Skipped:
    """A file that is no part of the dataset. file: below the root. reason: a clause that many files may share."""

    file: str
    reason: str


@dataclass(frozen=True)
class Guess:
    """Something that nobody said. what: as an option is called. value: as text. reason: what it was found in.

    >>> str(Guess("split", "folders train and test", "val is drawn from train"))
    'split: folders train and test (val is drawn from train)'
    """

    what: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"{self.what}: {self.value} ({self.reason})"


@dataclass
class Account:
    """Of one import. used: files whose pictures or annotations came in."""

    used: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    guesses: list[Guess] = field(default_factory=list)

    @property
    def reasons(self) -> dict[str, int]:
        """Skipped files by reason, the most frequent first."""
        return dict(Counter(skipped.reason for skipped in self.skipped).most_common())

    def skip(self, file: str, reason: str) -> None:
        """Leave out a file, and say so."""
        self.skipped.append(Skipped(file, reason))

    def guess(self, what: str, value: str, reason: str) -> None:
        """Take something for granted, and say so."""
        self.guesses.append(Guess(what, value, reason))
