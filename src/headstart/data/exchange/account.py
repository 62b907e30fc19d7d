"""What an import made of every file: used, or skipped and why; and what it guessed, and from what."""

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from headstart.errors import DataError
from headstart.names import as_text

__all__ = ["SKIPPED", "Account", "Guess", "Skipped"]

SKIPPED = "skipped.csv"


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
    """Of one import. used: files whose pictures or annotations came in. notes: what may not be meant, in sentences.
    sizes: how many pictures have which width and height, as far as headers were read."""

    used: int = 0
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    skipped: list[Skipped] = field(default_factory=list)
    guesses: list[Guess] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def reasons(self) -> dict[str, int]:
        """Skipped files by reason, the most frequent first."""
        return dict(Counter(skipped.reason for skipped in self.skipped).most_common())

    @property
    def left_out(self) -> str:
        """Of how many files how many were skipped, and why; nothing if none was."""
        if not self.skipped:
            return ""
        reasons = "; ".join(f"{count} × {reason}" for reason, count in self.reasons.items())
        return f"{len(self.skipped)} of {self.used + len(self.skipped)} files are left out: {reasons}"

    def skip(self, file: str, reason: str) -> None:
        """Leave out a file, and say so."""
        self.skipped.append(Skipped(as_text(file), as_text(reason)))

    def guess(self, what: str, value: str, reason: str) -> None:
        """Take something for granted, and say so."""
        self.guesses.append(Guess(what, value, reason))

    def write(self, folder: Path) -> None:
        """``skipped.csv`` (file, reason) in ``folder``, if any was skipped."""
        if self.skipped:
            with (folder / SKIPPED).open("w", newline="", encoding="utf-8") as file:
                table = csv.writer(file)
                table.writerow(["file", "reason"])
                table.writerows([one.file, one.reason] for one in self.skipped)

    def refuse_skips(self, where: Path) -> None:
        """Raises ``DataError``, naming one, if any file was skipped."""
        if self.skipped:
            first, count = self.skipped[0], len(self.skipped)
            raise DataError(
                f"{where}: {count} {'file' if count == 1 else 'files'} would be left out, first '{first.file}' "
                f"({first.reason}): remove them, or import without --strict"
            )
