"""The Ray launcher: the same jobs on the machines of a Ray cluster, or on a Ray of this machine's own."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from headstart.study.jobs.base import Job
from headstart.study.running.launchers.base import Launcher, Listener
from headstart.study.running.launchers.crew import Crew
from headstart.study.running.launchers.queue import Queue

if TYPE_CHECKING:
    from headstart.study.running.launchers.ray.cluster import Cluster

__all__ = ["RayLauncher"]


class RayLauncher(Launcher):
    """Jobs on actors of Ray, each of which lives as long as its seat is of use.

    address: ``HOST:PORT`` of a cluster, or ``auto`` for the one that this machine is part of; it is left as it was.
    Without, Ray is started on this machine and shut down by ``close``. A machine that is lost takes no job with it:
    what ran there runs again elsewhere. Raises ``ConfigError`` for a cluster that cannot be joined.

    >>> RayLauncher(Store(Path("store")), address="10.0.0.1:6379").run(jobs, print)  # doctest: +SKIP
    """

    def width(self) -> int:
        return self._cluster.width

    def cores(self) -> int:
        return self.width()

    def run(self, jobs: Sequence[Job], listen: Listener) -> dict[str, str]:
        left = self.left(jobs)
        if not left:
            return {}
        cluster = self._cluster
        from headstart.study.running.launchers.ray.errand import errand_for
        from headstart.study.running.launchers.ray.place import RayPlace

        with errand_for(self.store) as errand:
            crew = Crew(self.store, Queue(left, self.width()), RayPlace(cluster, errand), listen)
            try:
                return crew.run()
            finally:
                crew.end()

    def close(self) -> None:
        if "_cluster" in self.__dict__:
            self._cluster.leave()
            del self._cluster

    @cached_property
    def _cluster(self) -> "Cluster":
        from headstart.study.running.launchers.ray.cluster import join

        return join(self.address, self.workers)
