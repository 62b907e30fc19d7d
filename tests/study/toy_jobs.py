"""Jobs that take no time, for tests of the store and the launchers."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from headstart.errors import DataError
from headstart.study.jobs.base import Job, RunContext


@dataclass(frozen=True)
class ToyJob(Job):
    """Writes its number and those of its inputs; notes each run in ``journal``."""

    number: int
    journal: str
    needs: tuple["ToyJob", ...] = ()
    family: str = ""
    fault: str = ""

    kind: ClassVar[str] = "toy"
    version: ClassVar[int] = 1

    def identity(self) -> dict[str, Any]:
        return {"number": self.number}

    @property
    def inputs(self) -> tuple[Job, ...]:
        return self.needs

    @property
    def cost(self) -> int:
        return self.number

    @property
    def title(self) -> str:
        return f"toy {self.number}"

    @property
    def group(self) -> str:
        return self.family or self.key

    def run(self, context: RunContext) -> None:
        with Path(self.journal).open("a") as journal:
            journal.write(f"{self.number} {os.getpid()}\n")
        if self.fault == "refuse":
            raise DataError("toy data is broken: mend it")
        if self.fault == "die once" and not (context.folder / "died").exists():
            (context.folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        below = sum(int((context.input(job) / "sum").read_text()) for job in self.needs)
        (context.folder / "sum").write_text(str(self.number + below))
        context.progress(1, 1)
