"""Candidates for a study, and the richest of them that fits."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from math import ceil
from typing import Generic, NamedTuple, TypeVar

from headstart.errors import ConfigError

__all__ = ["Choice", "choose"]

Rung = TypeVar("Rung")


class Choice(NamedTuple, Generic[Rung]):
    """What fits. seconds: that it asks for."""

    rung: Rung
    seconds: float


def choose(
    floors: Sequence[Sequence[Rung]], cost: Callable[[Rung], float], seconds: float, smallest: str = "study"
) -> Choice[Rung]:
    """The richest rung whose ``cost`` is no more than so many ``seconds``.

    floors: rungs of one size of network and images each, the smallest size first; within a floor from the richest rung
    to the poorest. A larger size is taken where even its poorest rung fits, so that few are timed that are far too
    large. cost: grows with richness within a floor, and from one floor's poorest rung to the next one's; each is asked
    for at most once. Raises ``ConfigError`` where not even the poorest rung of the smallest size fits, and says what it
    asks for.

    >>> choose([["much", "some"], ["more", "as much"]], {"much": 3, "some": 1, "more": 9, "as much": 4}.get, 3.5)
    Choice(rung='much', seconds=3)
    """
    known: dict[tuple[int, int], float] = {}

    def asked(floor: int, place: int) -> float:
        if (floor, place) not in known:
            known[floor, place] = cost(floors[floor][place])
        return known[floor, place]

    highest = 0
    while highest + 1 < len(floors) and asked(highest + 1, len(floors[highest + 1]) - 1) <= seconds:
        highest += 1
    rungs = floors[highest]
    place = bisect_left(range(len(rungs)), True, key=lambda place: asked(highest, place) <= seconds)
    if place == len(rungs):
        needed = asked(highest, place - 1)
        raise ConfigError(
            f"--time is too short: the smallest {smallest} asks for about {ceil(needed)} s here, so give it "
            f"--time {_minutes(needed)}"
        )
    return Choice(rungs[place], asked(highest, place))


def _minutes(seconds: float) -> str:
    return f"{ceil(seconds / 60)}m"
