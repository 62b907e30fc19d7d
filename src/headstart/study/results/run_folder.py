"""What a run folder keeps of its study: the plan as tables, and what each finished job came to.

All that status, tables and report read lies here, so that the store may move, be pruned, or be on another machine.
"""

import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from filelock import FileLock, Timeout
from pydantic_core import to_jsonable_python

from headstart.errors import StoreError
from headstart.files import unwritable, write_atomic
from headstart.study.config.recipes import read_values
from headstart.study.config.study import StudyConfig
from headstart.study.results.plan_tables import ARMS, DOUBLINGS, JOBS, POINTS, PRETRAININGS, plan_tables
from headstart.study.results.run_info import RunInfo, info_of
from headstart.study.results.table_files import read_table, write_table

if TYPE_CHECKING:
    import pandas as pd

    from headstart.study.config.suite import Suite
    from headstart.study.jobs.base import Job
    from headstart.study.running.plan import Plan

__all__ = ["INFO", "KEPT", "Outcome", "RunFolder"]

KEPT = "kept"
"""The folder below a run's that holds all of this."""
INFO = "study.json"
OUTCOMES = "outcomes.jsonl"
DESCRIBING = frozenset({"title", "minutes"})
"""Keys of a study that change no number."""
CONFIG, ENVIRONMENT, LOG, ANSWER = "study.yaml", "environment.json", "log.jsonl", "answer.json"
LOCK = ".lock"


@dataclass(frozen=True)
class Outcome:
    """What became of a job: it was done in ``seconds`` and measured ``found``, or it failed for ``reason``."""

    seconds: float = 0.0
    found: Mapping[str, Any] | None = None
    reason: str = ""

    @property
    def done(self) -> bool:
        return self.found is not None


class RunFolder:
    """``runs/NAME/``. Tables of the plan: ``jobs`` (key, kind, title, cost), ``points``, ``pretrainings``,
    ``doublings``, ``arms``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def open(cls, folder: Path) -> "RunFolder":
        """A folder that a study was run into. Raises ``StoreError`` if none was."""
        if not cls.lies_in(folder):
            raise StoreError(f"{folder} holds no study ({KEPT}/{INFO} is missing): name a folder such as runs/NAME")
        return cls(folder)

    @staticmethod
    def lies_in(folder: Path) -> bool:
        """Whether a study was run into ``folder``."""
        return (folder / KEPT / INFO).exists()

    def changed(self) -> float:
        """When something was last done for it, in seconds since 1970."""
        kept = (self.folder / KEPT / name for name in (INFO, OUTCOMES))
        return max(path.stat().st_mtime for path in kept if path.exists())

    @contextmanager
    def held(self) -> Iterator[None]:
        """While inside, no other process writes here. Raises ``StoreError`` if one does."""
        lock = FileLock(self.folder / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise StoreError(
                f"another process is running a study into {self.folder}: wait for its end, or give this one a folder "
                "of its own with --out"
            ) from None
        except OSError as error:
            raise StoreError(unwritable(self.folder, error)) from error
        try:
            yield
        finally:
            lock.release()

    def refuse_another(self, suite: "Suite") -> None:
        """Raise ``StoreError`` if the folder holds a study of other settings than ``suite``, which would take its
        place."""
        path = self.folder / CONFIG
        if not path.exists():
            return
        # A key that an older version did not know is as if it had been left out.
        existing, wanted = (_defaults() | values for values in (read_values(path), yaml.safe_load(suite.to_yaml())))
        differing = sorted(key for key in {*existing, *wanted} - DESCRIBING if existing.get(key) != wanted.get(key))
        if differing:
            raise StoreError(
                f"{self.folder} holds another study, which differs in {', '.join(differing)}: give this one a name "
                "of its own with name=…, or say --replace"
            )

    def begin(self, plan: "Plan") -> None:
        """Write what the plan says. What was kept of jobs stays: their keys tell whether it is of this plan."""
        kept = self.folder / KEPT
        for name in ("info", JOBS, POINTS, PRETRAININGS, ARMS, DOUBLINGS):
            self.__dict__.pop(name, None)  # what was read of an earlier plan
        for name, table in plan_tables(plan).items():
            write_table(table, kept / name, csv=False)
        written = plan.suite.to_yaml().encode()
        if self._config() not in (None, written):  # an answer is that of another study then
            (self.folder / ANSWER).unlink(missing_ok=True)
        write_atomic(self.folder / CONFIG, written)
        write_atomic(kept / INFO, info_of(plan).model_dump_json(indent=1).encode())

    def _config(self) -> bytes | None:
        path = self.folder / CONFIG
        return path.read_bytes() if path.exists() else None

    @cached_property
    def info(self) -> RunInfo:
        return RunInfo.model_validate_json((self.folder / KEPT / INFO).read_text(encoding="utf-8"))

    @cached_property
    def jobs(self) -> "pd.DataFrame":
        return read_table(self.folder / KEPT / JOBS)

    @cached_property
    def points(self) -> "pd.DataFrame":
        return read_table(self.folder / KEPT / POINTS)

    @cached_property
    def pretrainings(self) -> "pd.DataFrame":
        return read_table(self.folder / KEPT / PRETRAININGS)

    @cached_property
    def doublings(self) -> "pd.DataFrame":
        return read_table(self.folder / KEPT / DOUBLINGS)

    @cached_property
    def arms(self) -> "pd.DataFrame":
        return read_table(self.folder / KEPT / ARMS)

    def keep(self, job: "Job", folder: Path, seconds: float) -> dict[str, Any]:
        """Take what a finished job in ``folder`` leaves for reports, and return its ``outcome``."""
        found = job.outcome(folder)
        for name in job.keepsakes:
            if (folder / name).exists():
                kept = self.keepsake(job.key, name)
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / name, kept)
        self._note(job.key, {"seconds": seconds, "found": found})
        return found

    def adopt(self, other: "RunFolder", keys: Collection[str]) -> None:
        """Take what another run keeps of jobs that are of this one too: those of ``keys`` that are not done here."""
        known = self.outcomes()
        for key, outcome in other.outcomes().items():
            if key in keys and outcome.done and not (key in known and known[key].done):
                if (files := other.keepsake(key, "")).exists():
                    shutil.copytree(files, self.keepsake(key, ""), dirs_exist_ok=True)
                self._note(key, {"seconds": outcome.seconds, "found": outcome.found})

    def note_failure(self, key: str, reason: str) -> None:
        """A job gave no result, for ``reason``."""
        self._note(key, {"reason": reason})

    def keepsake(self, key: str, name: str) -> Path:
        """Where a job's file lies here, if it left one."""
        return self.folder / KEPT / "files" / key / name

    def outcomes(self) -> dict[str, Outcome]:
        """What became of jobs so far, by key; a later word on a job replaces an earlier one."""
        path = self.folder / KEPT / OUTCOMES
        outcomes: dict[str, Outcome] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            with suppress(ValueError):  # half a line, of a process that was killed: the job is asked again
                values = json.loads(line)
                key = values.pop("job")
                outcomes[key] = Outcome(**values)
        return outcomes

    def known(self) -> dict[str, Mapping[str, Any]]:
        """What those that are done came to, by key."""
        return {key: outcome.found for key, outcome in self.outcomes().items() if outcome.found is not None}

    def _note(self, key: str, values: Mapping[str, Any]) -> None:
        """One more line. It begins with its line break, so that one which a killed process left half written ends."""
        with (self.folder / KEPT / OUTCOMES).open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps({"job": key, **values}))


def _defaults() -> dict[str, Any]:
    """What the keys of a study are where nobody says."""
    fields = StudyConfig.model_fields.items()
    return {name: to_jsonable_python(field.get_default()) for name, field in fields if not field.is_required()}
