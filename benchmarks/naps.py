"""Jobs that only take time, for benchmarks of how they are handed out. A file of its own, for workers import it."""

import time
from dataclasses import dataclass
from typing import Any, ClassVar

from headstart.study.jobs.base import Job, RunContext

__all__ = ["Nap"]


@dataclass(frozen=True)
class Nap(Job):
    """Sleeps. number: tells one from another."""

    number: int
    seconds: float

    kind: ClassVar[str] = "nap"
    version: ClassVar[int] = 1

    def identity(self) -> dict[str, Any]:
        return {"number": self.number}

    @property
    def cost(self) -> int:
        return 1

    @property
    def title(self) -> str:
        return f"nap {self.number}"

    @property
    def group(self) -> str:
        return "naps"

    def run(self, context: RunContext) -> None:
        del context
        time.sleep(self.seconds)
