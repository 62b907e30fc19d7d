"""What other programs take of this machine meanwhile, as Linux counts it; elsewhere nothing is known of them."""

import os
import time
from pathlib import Path

from headstart.processes import available_cores

__all__ = ["Others"]

COUNTS = Path("/proc/stat")
IDLE = slice(3, 5)
"""Of a core's counts: idle, and waiting for a disk."""
KINDS = 8
"""Counts that are no part of another."""
SHORTEST = 1.0
"""Seconds that tell anything."""
MUCH = 0.2
"""Of the cores, what is worth a sentence."""


class Others:
    """What other programs do from now on."""

    def __init__(self) -> None:
        self._before = _moment()

    def cores(self) -> float | None:
        """How many cores they kept busy so far, of those that this process may use; ``None`` where nothing is known."""
        then, now = self._before, _moment()
        passed = now[0] - then[0]
        if not COUNTS.exists() or passed < SHORTEST:
            return None
        own = now[2] - then[2]
        return max(0.0, (now[1] - then[1] - own) / passed)

    def sentence(self) -> str:
        """What that means for an estimate; empty where it is little or unknown.

        >>> Others().sentence()
        ''
        """
        taken, cores = self.cores(), available_cores()
        if taken is None or taken < MUCH * cores:
            return ""
        return (
            f"other programs keep {taken:.1f} of {cores} cores busy: while they do, it takes longer than is told, for "
            "the time is that of cores of its own"
        )


def _moment() -> tuple[float, float, float]:
    """Seconds: of the clock, of work of all cores that this process may use, and of its own."""
    return time.monotonic(), _busy_seconds(), time.process_time()


def _busy_seconds() -> float:
    if not COUNTS.exists():
        return 0.0
    usable = {f"cpu{number}" for number in os.sched_getaffinity(0)}
    rows = (line.split() for line in COUNTS.read_text(encoding="ascii").splitlines())
    counts = [[int(count) for count in row[1 : KINDS + 1]] for row in rows if row and row[0] in usable]
    return sum(sum(row) - sum(row[IDLE]) for row in counts) / os.sysconf("SC_CLK_TCK")
