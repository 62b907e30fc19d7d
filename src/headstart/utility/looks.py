"""Looks: trials are added until a decision no longer hangs, and each look at the numbers is paid for.

Whoever looks after three trials, after six and after twelve, and stops where an interval pleases, is wrong more often
than the interval says. So each look has a part of the error that is allowed in all, in proportion to the trials that it
adds (alpha spending, Lan & DeMets, "Discrete sequential boundaries for clinical trials", 1983, with a linear function
of information). Parts are added up by Bonferroni's inequality, so that the promise holds whatever decides when to stop.
"""

from dataclasses import dataclass
from functools import cached_property

__all__ = ["Looks"]


@dataclass(frozen=True)
class Looks:
    """After ``first`` trials, then after twice as many again and again, ``most`` at last.

    >>> Looks(3, 12).trials
    (3, 6, 12)
    """

    first: int
    most: int

    def __post_init__(self) -> None:
        assert 1 <= self.first <= self.most, "the first look is not after the last"

    @cached_property
    def trials(self) -> tuple[int, ...]:
        """How many there are at each look, ascending."""
        found = [self.first]
        while found[-1] < self.most:
            found.append(min(2 * found[-1], self.most))
        return tuple(found)

    def after(self, trials: int) -> int | None:
        """How many there are at the look after the one with ``trials``; ``None`` after the last.

        >>> Looks(3, 10).after(6), Looks(3, 10).after(10)
        (10, None)
        """
        return next((more for more in self.trials if more > trials), None)

    def confidence(self, trials: int, overall: float = 0.95) -> float:
        """Of an interval at the look with ``trials``, or if there is none, at the next one.

        overall: what all looks together are to keep.

        >>> [round(Looks(3, 12).confidence(trials), 4) for trials in (3, 6, 12)]
        [0.9875, 0.9875, 0.975]
        """
        reached = min(trials, self.most)
        index = next(index for index, planned in enumerate(self.trials) if planned >= reached)
        before = self.trials[index - 1] if index else 0
        return 1 - (1 - overall) * (self.trials[index] - before) / self.most
