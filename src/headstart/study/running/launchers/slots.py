"""What a machine has to hand out: cores and GPUs."""

from dataclasses import dataclass

from headstart.study.jobs.base import Needs

__all__ = ["Grant", "Slots"]

ROUNDING = 1e-9


@dataclass(frozen=True)
class Grant:
    """What a job was given. gpus: their numbers. share: of each of them."""

    cpus: int
    gpus: tuple[int, ...] = ()
    share: float = 0.0


class Slots:
    """``cpus`` cores and ``gpus`` GPUs. Runs that share a GPU are spread over all of them, the freest first.

    A job that needs more cores than there are gets all, for several processes on one core are slow but not wrong.
    """

    def __init__(self, cpus: int, gpus: int) -> None:
        self.cpus, self.gpus = cpus, gpus
        self._free, self._free_gpus = cpus, [1.0] * gpus

    def possible(self, needs: Needs) -> bool:
        """Whether it fits when nothing else runs."""
        return needs.gpus <= self.gpus

    def fits(self, needs: Needs) -> bool:
        """Whether it fits now."""
        return min(needs.cpus, self.cpus) <= self._free and self._pick(needs) is not None

    def grant(self, needs: Needs) -> Grant:
        """Hand out what fits: of cores as many as are free, where the job can use them."""
        gpus = self._pick(needs)
        assert gpus is not None, "only what fits is granted"
        cpus = max(min(needs.cpus, self.cpus), min(needs.up_to or 1, self._free))
        grant = Grant(cpus, gpus, min(needs.gpus, 1.0))
        self._move(grant, -1)
        return grant

    def give_back(self, grant: Grant) -> None:
        """What was granted is free again."""
        self._move(grant, 1)

    def _pick(self, needs: Needs) -> tuple[int, ...] | None:
        """The freest GPUs that have room."""
        room = min(needs.gpus, 1.0) - ROUNDING
        count = 0 if needs.gpus == 0 else max(1, int(needs.gpus))
        freest = sorted(range(self.gpus), key=lambda number: -self._free_gpus[number])
        fitting = [number for number in freest if self._free_gpus[number] >= room][:count]
        return tuple(sorted(fitting)) if len(fitting) == count else None

    def _move(self, grant: Grant, sign: int) -> None:
        self._free += sign * grant.cpus
        for number in grant.gpus:
            self._free_gpus[number] += sign * grant.share
