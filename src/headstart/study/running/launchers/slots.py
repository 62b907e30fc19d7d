"""What machines have to hand out: cores and GPUs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from headstart.study.jobs.base import Needs

__all__ = ["Grant", "Sites", "Slots"]

ROUNDING = 1e-9


@dataclass(frozen=True)
class Grant:
    """What a job was given. gpus: their numbers. share: of each of them. site: on which machine."""

    cpus: int
    gpus: tuple[int, ...] = ()
    share: float = 0.0
    site: str = ""


class Slots:
    """``cpus`` cores and ``gpus`` GPUs. Runs that share a GPU are spread over all of them, the freest first.

    A job that needs more cores than there are gets all, for several processes on one core are slow but not wrong.
    """

    def __init__(self, cpus: int, gpus: int) -> None:
        self.cpus, self.gpus = cpus, gpus
        self.free, self._free_gpus = cpus, [1.0] * gpus

    def possible(self, needs: Needs) -> bool:
        """Whether it fits when nothing else runs."""
        return needs.gpus <= self.gpus

    def fits(self, needs: Needs) -> bool:
        """Whether it fits now."""
        return min(needs.cpus, self.cpus) <= self.free and self._pick(needs) is not None

    def grant(self, needs: Needs) -> Grant:
        """Hand out what fits: of cores as many as are free, where the job can use them."""
        gpus = self._pick(needs)
        assert gpus is not None, "only what fits is granted"
        cpus = max(min(needs.cpus, self.cpus), min(needs.up_to or 1, self.free))
        grant = Grant(cpus, gpus, min(needs.gpus, 1.0))
        self._move(grant, -1)
        return grant

    def give_back(self, grant: Grant) -> None:
        """What was granted is free again."""
        self._move(grant, 1)

    def hold(self, grants: Iterable[Grant]) -> bool:
        """Whether there is enough for all of these together."""
        left, left_gpus = self.cpus, [1.0 + ROUNDING] * self.gpus
        for grant in grants:
            left -= grant.cpus
            for number in grant.gpus:
                left_gpus[number] -= grant.share
        return min([left, *left_gpus]) >= 0

    def _pick(self, needs: Needs) -> tuple[int, ...] | None:
        """The freest GPUs that have room."""
        room = min(needs.gpus, 1.0) - ROUNDING
        count = 0 if needs.gpus == 0 else max(1, int(needs.gpus))
        freest = sorted(range(self.gpus), key=lambda number: -self._free_gpus[number])
        fitting = [number for number in freest if self._free_gpus[number] >= room][:count]
        return tuple(sorted(fitting)) if len(fitting) == count else None

    def _move(self, grant: Grant, sign: int) -> None:
        self.free += sign * grant.cpus
        for number in grant.gpus:
            self._free_gpus[number] += sign * grant.share


class Sites:
    """The slots of machines, by name. A job goes to the machine with most free cores among those that have room."""

    def __init__(self, machines: Mapping[str, Slots]) -> None:
        self._machines = dict(machines)

    def __len__(self) -> int:
        return len(self._machines)

    @property
    def gpus(self) -> int:
        """Of the machine that has most."""
        return max((slots.gpus for slots in self._machines.values()), default=0)

    def possible(self, needs: Needs) -> bool:
        """Whether some machine has room when nothing else runs."""
        return any(slots.possible(needs) for slots in self._machines.values())

    def fits(self, needs: Needs) -> bool:
        """Whether some machine has room now."""
        return bool(self._fitting(needs))

    def grant(self, needs: Needs) -> Grant:
        """Hand out what fits."""
        fitting = self._fitting(needs)
        site = max(fitting, key=lambda name: fitting[name].free)
        return replace(fitting[site].grant(needs), site=site)

    def give_back(self, grant: Grant) -> None:
        """What was granted is free again."""
        self._machines[grant.site].give_back(grant)

    def hold(self, site: str, grants: Iterable[Grant]) -> bool:
        """Whether a machine has enough for all of these together."""
        return self._machines[site].hold(grants)

    def close(self, site: str) -> None:
        """A machine is no more; all that was granted there has been given back."""
        del self._machines[site]

    def _fitting(self, needs: Needs) -> dict[str, Slots]:
        """Of the machines that have its GPUs, not those that have fewer of the cores it needs than another."""
        possible = {name: slots for name, slots in self._machines.items() if slots.possible(needs)}
        cores = min(needs.cpus, max((slots.cpus for slots in possible.values()), default=0))
        return {name: slots for name, slots in possible.items() if slots.cpus >= cores and slots.fits(needs)}
