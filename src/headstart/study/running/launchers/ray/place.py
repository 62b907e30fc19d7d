"""Actors on the machines of a cluster, as a crew sees them."""

import sys
from collections.abc import Sequence
from typing import Any

import ray
from ray.exceptions import (
    ActorUnavailableError,
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RayActorError,
    WorkerCrashedError,
)
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from headstart.errors import HeadstartError
from headstart.processes import ONE_THREAD
from headstart.processes.travel import pack
from headstart.study.jobs.base import Job
from headstart.study.running.launchers.place import LostError, Place, Worker
from headstart.study.running.launchers.ray.actor import Labourer
from headstart.study.running.launchers.ray.cluster import Cluster, Machine
from headstart.study.running.launchers.ray.errand import Errand
from headstart.study.running.launchers.slots import Grant, Sites, Slots
from headstart.study.running.launchers.worker import Message

__all__ = ["RayPlace"]

ENDED = (RayActorError, NodeDiedError, ObjectLostError, OutOfMemoryError, WorkerCrashedError)
LOW = "running low on memory"
"""What Ray says of a worker that it killed to save a machine."""
OWN_GPUS = {"RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES": "1"}
"""Which GPUs an actor sees is ours to say: Ray would fill one GPU with runs before it takes the next."""


class RayPlace(Place["_Actor"]):
    """The machines of a cluster, and the errand that all their workers have."""

    def __init__(self, cluster: Cluster, errand: Errand) -> None:
        machines = cluster.machines
        super().__init__(Sites({name: Slots(machine.cpus, machine.gpus) for name, machine in machines.items()}))
        self._machines, self._errand = machines, pack(errand)

    def seat(self, grant: Grant) -> Grant:
        """Ray is told what an actor takes, so it takes just what its jobs were granted."""
        return grant

    def hire(self, seat: Grant) -> "_Actor":
        return _Actor(seat, self._machines[seat.site], self._errand)

    def heard(self, workers: Sequence["_Actor"]) -> Sequence["_Actor"]:
        at_work = {worker.told: worker for worker in workers if worker.grant}
        first, _ = ray.wait(list(at_work), num_returns=1)
        ready, _ = ray.wait(list(at_work), num_returns=len(at_work), timeout=0)
        return [at_work[told] for told in ready or first]


class _Actor(Worker):
    """A ``Labourer`` and what it tells of the jobs that it was given last."""

    def __init__(self, seat: Grant, machine: Machine, errand: bytes) -> None:
        super().__init__(seat)
        self._machine = machine
        labourer = ray.remote(Labourer).options(
            num_cpus=seat.cpus,
            num_gpus=len(seat.gpus) * seat.share,
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(seat.site, soft=False),
            runtime_env={"env_vars": {**ONE_THREAD, **OWN_GPUS}},
        )
        self._actor = labourer.remote(sys.path, errand, seat.gpus, machine.address)
        self.told: Any = None

    def begin(self, jobs: Sequence[Job], cpus: int) -> None:
        heard_first = {"num_returns": "streaming", "_generator_backpressure_num_objects": 1}
        self.told = self._actor.work.options(**heard_first).remote(pack((list(jobs), cpus)))

    def receive(self) -> Message:
        try:
            message: Message = ray.get(next(self.told))
        except StopIteration:
            raise LostError(f"it went silent on {self._machine.address}") from None
        except ENDED as error:
            raise self._loss(error) from error
        return message

    def end(self) -> None:
        ray.kill(self._actor)

    def _loss(self, error: Exception) -> Exception:
        where = self._machine.address
        if not any(node["Alive"] for node in ray.nodes() if node["NodeID"] == self.seat.site):
            return LostError(f"the machine {where} was lost", machine=True)
        if isinstance(error, RayActorError) and error.actor_init_failed:
            reason = str(error).strip().splitlines()[-1].strip()
            return HeadstartError(
                f"a worker on {where} cannot begin ({reason}): install the same packages on all machines of the cluster"
            )
        if isinstance(error, ActorUnavailableError):
            return LostError(f"{where} does not answer")
        low = isinstance(error, OutOfMemoryError) or LOW in str(error)
        return LostError(f"on {where}, {'which ran low on memory' if low else 'unexpectedly'}")
