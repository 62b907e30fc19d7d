"""How far the jobs of a study have come, and what is left of it."""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headstart.study.jobs.base import Job
    from headstart.study.running.launchers import Event

__all__ = ["Tally", "seconds_left"]

PACE_KNOWN = 0.05
"""Share of the work after which its pace tells more than an estimate that was made before it."""


class Tally:
    """What has become of ``total`` jobs so far. One that failed is passed, too."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.steps = 0
        self._told = False
        self._expected: dict[str, int] = {}
        self._seconds: dict[str, float] = {}
        self._done: dict[str, int] = {}
        self._shares: dict[str, float] = {}
        self._brought: dict[str, float | None] = {}
        self._running: dict[str, str] = {}
        self._sets: dict[str, set[str]] = {"finished": set(), "failed": set(), "retried": set()}

    def expect(self, jobs: "Sequence[Job]", seconds: Mapping[str, float]) -> None:
        """These are to be done as well, if they were not expected already. seconds: of a core that each takes."""
        self._told = True
        self._expected |= {job.key: job.cost for job in jobs}
        self._seconds |= {job.key: seconds.get(job.key, 0.0) for job in jobs if job.key not in self._seconds}

    @property
    def total(self) -> int:
        """Image-steps of all jobs that are expected."""
        return sum(self._expected.values())

    @property
    def share(self) -> float:
        """Of the seconds that all jobs take, as far as that was estimated, what is done of them; else of image-steps.

        An image-step of one job may take many times as long as that of another. Where nothing is to be done, all is.
        """
        if not self._expected:
            return float(self._told)
        return self._of_all(self._shares)

    @property
    def brought(self) -> float:
        """Of ``share``, what jobs had done before, that go on from a checkpoint: it says nothing of the pace."""
        return self._of_all({key: share for key, share in self._brought.items() if share is not None})

    def _of_all(self, shares: Mapping[str, float]) -> float:
        weights = self._seconds if sum(self._seconds.values()) > 0 else self._expected
        work = sum(weights.values())
        done = sum(weights.get(key, 0) * share for key, share in shares.items())
        return round(done / work, 9) if work else 0.0  # what is whole is whole, however its parts were rounded

    def hear(self, event: "Event") -> None:
        key, over = event.job.key, event.what in ("finished", "failed")
        done = event.total if over else event.done
        self.steps += done - self._done.get(key, 0)
        self._done[key] = done
        self._shares[key] = done / event.total if event.total else float(over)
        if event.what == "started":
            self._brought[key] = None  # until it tells where it begins
        elif key in self._brought and self._brought[key] is None:
            self._brought[key] = self._shares[key] if event.what == "progress" else 0.0
        self._sets.get(event.what, set()).add(key)
        self._running.pop(key, None)
        if event.what in ("started", "progress"):
            self._running[key] = event.job.title

    @property
    def running(self) -> str:
        """What is being done, the latest last."""
        return " + ".join(self._running.values()) or "nothing yet"

    def __str__(self) -> str:
        finished, failed, retried = (len(keys) for keys in self._sets.values())
        counts = [(failed, "failed"), (retried, "retried")]
        return " · ".join(
            [f"{finished + failed}/{len(self._expected)} jobs", *(f"{count} {what}" for count, what in counts if count)]
        )


def seconds_left(share: float, expected_seconds: float | None, elapsed: float, brought: float = 0.0) -> float | None:
    """From how fast it went once enough is done, and until then from what was expected.

    brought: of ``share``, what was done before the time that ``elapsed``.

    >>> seconds_left(0.5, 60, 100), seconds_left(0.01, 60, 100), seconds_left(0.01, None, 100)
    (100.0, 59.4, None)
    >>> seconds_left(0.5, 60, 100, brought=0.25), seconds_left(0.5, 60, 1, brought=0.49)
    (200.0, 30.0)
    """
    made = share - brought
    if made >= PACE_KNOWN:
        return elapsed / made * (1 - share)
    return None if expected_seconds is None else expected_seconds * (1 - share)
