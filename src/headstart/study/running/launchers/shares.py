"""How much of a GPU a run takes: a guess until one like it has run, then what that one needed."""

from dataclasses import replace

from headstart.study.jobs.base import Job, Needs

__all__ = ["Shares"]

ROOM = 1.25
"""Times the measured peak: allocators differ a little from run to run."""
LEAST = 1 / 16
"""A smaller share would put more runs on a GPU than it has use for."""
STEP = 1 / 64
"""Shares are rounded up to a multiple, so that a seat fits the next run as well."""


class Shares:
    """Learns the share of a GPU's memory that jobs take, by ``Job.alike``."""

    def __init__(self) -> None:
        self._shares: dict[str, float] = {}

    def needs(self, job: Job) -> Needs:
        """What ``job`` occupies: as it says, but of a GPU that it shares as much as those like it took."""
        shared = 0 < job.needs.gpus < 1
        return replace(job.needs, gpus=self._shares[job.alike]) if shared and job.alike in self._shares else job.needs

    def learn(self, job: Job, share: float) -> bool:
        """A run of ``job`` had at most ``share`` of a GPU's memory; whether that changes what others are given.

        More than before counts at once, and less never: of runs that are alike, the largest has to fit.
        """
        if not 0 < job.needs.gpus < 1 or share <= 0:
            return False
        wanted = min(1.0, max(LEAST, -(-ROOM * share // STEP) * STEP))
        if wanted <= self._shares.get(job.alike, 0.0):
            return False
        self._shares[job.alike] = wanted
        return True
