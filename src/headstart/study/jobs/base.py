"""Jobs: cached units of work whose key is the hash of everything that can change their result."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

__all__ = ["RUNS_PER_GPU", "Device", "Job", "Needs", "Progress", "RunContext", "no_progress"]

RUNS_PER_GPU = 4
"""Small networks keep a GPU busy only together."""
Device = Literal["cpu", "cuda"]
Progress = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """For callers that don't watch."""


@dataclass(frozen=True)
class Needs:
    """What a job occupies while it runs.

    cpus: cores, at least one. gpus: a fraction of one that is shared, or a whole number of GPUs for the job alone.
    up_to: cores that it can use if they are free when it starts; ``None``: no more than ``cpus``.
    """

    cpus: int = 1
    gpus: float = 0.0
    up_to: int | None = None

    def __post_init__(self) -> None:
        assert self.cpus >= 1, "someone has to do the work"
        assert 0 <= self.gpus < 1 or self.gpus == int(self.gpus), "one GPU is shared, or several are not"

    @classmethod
    def on(cls, device: Device, processes: int = 1) -> "Needs":
        """Of ``processes`` that train as one: each its core or its GPU; a single one shares a GPU with other runs, at
        first in equal parts."""
        if device == "cpu":
            return cls(cpus=processes)
        return cls(cpus=processes, gpus=processes if processes > 1 else 1 / RUNS_PER_GPU)

    @property
    def large(self) -> bool:
        """Whether it waits for more than what any one job leaves behind."""
        return self.cpus > 1 or self.gpus >= 1


@dataclass(frozen=True)
class RunContext:
    """What a running job gets from the store and the launcher.

    folder: the job's own, kept after an interruption. checkpoints: a folder of its own, too, which may not be there yet
    and which the store removes once the job is done. inputs: the finished folder of each input, by job key.
    progress: to be called with (done, total) in the job's own unit. workers: processes the job may start.
    """

    folder: Path
    checkpoints: Path
    inputs: dict[str, Path]
    progress: Progress = no_progress
    workers: int = 1

    def input(self, job: "Job") -> Path:
        """The folder of a finished input."""
        return self.inputs[job.key]


@dataclass(frozen=True)
class Job(ABC):
    """One unit of work. ``version`` is raised when the code of a kind changes what it computes.

    first: whether it goes before all others that are ready, because it may find that they are in vain. keepsakes: files
    of its finished folder that a run's folder keeps a copy of. told_in: those that ``outcome`` reads.
    """

    kind: ClassVar[str]
    version: ClassVar[int]
    first: ClassVar[bool] = False
    keepsakes: ClassVar[tuple[str, ...]] = ()
    told_in: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """What can change the result, inputs aside, as JSON values."""

    @property
    def inputs(self) -> tuple["Job", ...]:
        """Jobs that must be done first."""
        return ()

    @property
    @abstractmethod
    def cost(self) -> int:
        """Work in image-steps (one image forward and backward through the network), for plans and time left."""

    @property
    @abstractmethod
    def title(self) -> str:
        """A few words for a person who watches: ``cmc, finetune, 250 labels, trial 2``."""

    @property
    def needs(self) -> Needs:
        """What it occupies while it runs; GPUs if its plan says so, and a worker that has none refuses it."""
        return Needs()

    @property
    def alike(self) -> str:
        """Jobs that take as much memory say the same."""
        return self.kind

    @property
    def group(self) -> str:
        """Jobs of one group share data and starting weights, so one worker runs them in a row."""
        return self.key

    @abstractmethod
    def run(self, context: RunContext) -> None:
        """Do the work in ``context.folder``, going on from a checkpoint that lies there."""

    def outcome(self, folder: Path) -> dict[str, Any]:
        """What tables say of the finished job in ``folder``, as JSON values."""
        del folder
        return {}

    def forget(self) -> None:  # noqa: B027 - most keep nothing
        """Let go of what this process keeps of the finished folder: others' files are in its place now."""

    @cached_property
    def key(self) -> str:
        """40 hex digits that name the result."""
        parts = {
            "kind": self.kind,
            "version": self.version,
            "identity": self.identity(),
            "inputs": [job.key for job in self.inputs],
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:40]
