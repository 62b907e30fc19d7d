"""Jobs that take no time and no torch, for tests of the store and the launchers."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from headstart.errors import DataError
from headstart.registry import with_plugins
from headstart.study.jobs.base import Job, Needs, RunContext

ONE_CORE = Needs()
TOYS = with_plugins("toys", {"plain": int})


@dataclass(frozen=True)
class ToyJob(Job):
    """Writes its number and those of its inputs; notes each run in ``journal``."""

    number: int
    journal: str = ""
    below: tuple["ToyJob", ...] = ()
    family: str = ""
    fault: str = ""
    wants: Needs = ONE_CORE

    kind: ClassVar[str] = "toy"
    version: ClassVar[int] = 1

    def identity(self) -> dict[str, Any]:
        return {"number": self.number}

    @property
    def inputs(self) -> tuple[Job, ...]:
        return self.below

    @property
    def cost(self) -> int:
        return self.number

    @property
    def title(self) -> str:
        return f"toy {self.number}"

    @property
    def group(self) -> str:
        return self.family or self.key

    @property
    def needs(self) -> Needs:
        return self.wants

    def run(self, context: RunContext) -> None:
        gpus = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        with Path(self.journal).open("a") as journal:
            journal.write(f"{self.number} {os.getpid()} {context.workers} {gpus}\n")
        self._suffer(context.folder / "suffered")
        context.checkpoints.mkdir(exist_ok=True)
        (context.checkpoints / "state").write_text("half done")
        below = sum(int((context.input(job) / "sum").read_text()) for job in self.below)
        (context.folder / "sum").write_text(str(self.number + below))
        (context.folder / "toys").write_text(" ".join(TOYS))
        context.progress(1, 1)

    def _suffer(self, suffered: Path) -> None:
        what, _, often = self.fault.partition(" ")
        if not what or (often == "once" and suffered.exists()):
            return
        suffered.touch()
        if what == "wait":
            time.sleep(8)
        if what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if what == "stumble":
            raise ValueError("a toy stumbles")
        raise DataError("toy data is broken: mend it")


class Gate(ToyJob):
    """One that others wait for."""

    first = True
