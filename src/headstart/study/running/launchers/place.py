"""Where workers are: what the crew asks of a machine of its own, or of a cluster."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from headstart.study.jobs.base import Job
from headstart.study.running.launchers.slots import Grant, Sites
from headstart.study.running.launchers.worker import Message

__all__ = ["LostError", "Place", "Worker"]


class LostError(Exception):
    """A worker is no more. how: in a few words. machine: whether all that ran beside it is lost as well."""

    def __init__(self, how: str, machine: bool = False) -> None:
        super().__init__(how)
        self.how, self.machine = how, machine


class Worker(ABC):
    """A process and what it has in hand: the first of its ``jobs``, and those that it will run next.

    seat: what it occupies as long as it is there. grant: what its jobs were given, ``None`` while it is idle. begun:
    whether it has told that it has them.
    """

    def __init__(self, seat: Grant) -> None:
        self.seat = seat
        self.jobs: list[Job] = []
        self.grant: Grant | None = None
        self.begun, self.group = False, ""

    @abstractmethod
    def begin(self, jobs: Sequence[Job], cpus: int) -> None:
        """Have it run ``jobs`` in a row, each with so many processes of its own."""

    @abstractmethod
    def receive(self) -> Message:
        """What it told next. Raises ``LostError`` when it has ended and all was received."""

    @abstractmethod
    def end(self) -> None:
        """Kill it, if it still runs."""


AnyWorker = TypeVar("AnyWorker", bound=Worker)


class Place(ABC, Generic[AnyWorker]):
    """Machines, what they have to hand out, and workers on them."""

    def __init__(self, sites: Sites) -> None:
        self.sites = sites

    @abstractmethod
    def seat(self, grant: Grant) -> Grant:
        """What a worker must occupy that jobs with this grant can be given to."""

    @abstractmethod
    def hire(self, seat: Grant) -> AnyWorker:
        """A new worker. Raises ``HeadstartError`` if there can be none."""

    @abstractmethod
    def heard(self, workers: Sequence[AnyWorker]) -> Sequence[AnyWorker]:
        """Those that have told something or ended, as soon as there is one."""
