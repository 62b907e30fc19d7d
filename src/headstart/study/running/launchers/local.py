"""The local launcher: a process per core on a CPU, each with one thread; several processes share a GPU."""

from collections.abc import Sequence
from dataclasses import replace

from headstart.errors import ConfigError, HeadstartError
from headstart.processes import Child, first_heard
from headstart.registry import additions
from headstart.study.jobs.base import Job
from headstart.study.running.launchers.base import Launcher, Listener, count_gpus
from headstart.study.running.launchers.crew import Crew
from headstart.study.running.launchers.place import LostError, Place, Worker
from headstart.study.running.launchers.queue import Queue
from headstart.study.running.launchers.slots import Grant, Sites, Slots
from headstart.study.running.launchers.worker import Message, environment_of, work
from headstart.study.running.store import Store

__all__ = ["LocalLauncher"]


class LocalLauncher(Launcher):
    """Jobs in processes of this machine.

    workers: how many jobs run at once, by default one per core, or a few per GPU if that is more. gpus: how many there
    are to use, by default all. Raises ``ConfigError`` for an address: this machine has none.
    """

    def __init__(
        self, store: Store, workers: int | None = None, address: str | None = None, gpus: int | None = None
    ) -> None:
        super().__init__(store, workers, address)
        if address is not None:
            raise ConfigError(f"--address {address} is of a Ray cluster: say --launcher ray with it, or leave it out")
        self.gpus = gpus

    def run(self, jobs: Sequence[Job], listen: Listener) -> dict[str, str]:
        left = self.left(jobs)
        if not left:
            return {}
        gpus = count_gpus() if self.gpus is None else self.gpus
        here = _Here(self.store, Sites({"": Slots(self.width(), gpus)}))
        crew = Crew(self.store, Queue(left, self.width()), here, listen)
        try:
            return crew.run()
        finally:
            crew.end()


class _Here(Place["_Process"]):
    """This machine."""

    def __init__(self, store: Store, sites: Sites) -> None:
        super().__init__(sites)
        self.store = store

    def seat(self, grant: Grant) -> Grant:
        """A process takes one core at least, and can do with any share of the GPUs that it sees."""
        return replace(grant, cpus=1, share=0.0)

    def hire(self, seat: Grant) -> "_Process":
        try:
            return _Process(self.store, seat)
        except OSError as error:
            raise HeadstartError(f"no worker process can be started ({error.strerror}): try fewer --workers") from error

    def heard(self, workers: Sequence["_Process"]) -> Sequence["_Process"]:
        heard = first_heard([worker.child for worker in workers])
        return [worker for worker in workers if worker.child in heard]


class _Process(Worker):
    """A child process."""

    def __init__(self, store: Store, seat: Grant) -> None:
        super().__init__(seat)
        self.child = Child(work, store.address, additions(), environment=environment_of(seat.gpus))

    def begin(self, jobs: Sequence[Job], cpus: int) -> None:
        self.child.send((list(jobs), cpus))

    def receive(self) -> Message:
        try:
            message: Message = self.child.receive()
        except EOFError:
            raise LostError(self.child.how_it_ended()) from None
        return message

    def end(self) -> None:
        self.child.end()
