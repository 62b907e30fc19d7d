"""Jobs: cached units of work whose key is the hash of everything that can change their result."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

__all__ = ["Job", "RunContext", "no_progress"]

Progress = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """For callers that don't watch."""


@dataclass(frozen=True)
class RunContext:
    """What a running job gets from the store and the launcher.

    folder: the job's own, kept after an interruption. inputs: the finished folder of each input, by job key.
    progress: to be called with (done, total) in the job's own unit. workers: processes the job may start.
    """

    folder: Path
    inputs: dict[str, Path]
    progress: Progress = no_progress
    workers: int = 1

    def input(self, job: "Job") -> Path:
        """The folder of a finished input."""
        return self.inputs[job.key]


@dataclass(frozen=True)
class Job(ABC):
    """One unit of work. ``version`` is raised when the code of a kind changes what it computes.

    uses_all_workers: whether it runs in the launcher's own process, with workers of its own. first: whether it goes
    before all others that are ready, because it may find that they are in vain.
    """

    kind: ClassVar[str]
    version: ClassVar[int]
    uses_all_workers: ClassVar[bool] = False
    first: ClassVar[bool] = False

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
    def group(self) -> str:
        """Jobs of one group share data and starting weights, so one worker runs them in a row."""
        return self.key

    @abstractmethod
    def run(self, context: RunContext) -> None:
        """Do the work in ``context.folder``, going on from a checkpoint that lies there."""

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
