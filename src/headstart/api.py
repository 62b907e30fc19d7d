"""The same verbs as the command line, in Python: run a study, load one, read its tables, write its report."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from headstart.backbones import BACKBONES, build_backbone
from headstart.backbones.sizes import count_activations, count_parameters, outline
from headstart.data.exchange import FORMATS
from headstart.data.sources import SOURCES
from headstart.errors import ConfigError, HeadstartError, StoreError
from headstart.folder import write_atomic
from headstart.methods import METHODS
from headstart.outputs import Tables, write_outputs
from headstart.registry import lookup
from headstart.render import ENGINES
from headstart.study.config.checks import check_study
from headstart.study.config.study import StudyConfig, dump_yaml, load_study, recipe_names
from headstart.study.jobs.base import Job
from headstart.study.running.environment import describe_environment
from headstart.study.running.estimate import measure_speed
from headstart.study.running.launchers import LAUNCHERS, Event, Launcher
from headstart.study.running.launchers.local import default_workers
from headstart.study.running.plan import Plan, make_plan
from headstart.study.running.store import Store
from headstart.tasks import TASKS
from headstart.training import PROTOCOLS

__all__ = [
    "DEFAULT_STORE",
    "EXTENSION_POINTS",
    "Study",
    "StudyRun",
    "backbone_sizes",
    "catalogue",
    "load_study",
    "plan_table",
    "prepare_study",
    "run_study",
    "status_table",
]

DEFAULT_STORE = Path("~/.cache/headstart")
CONFIG, ENVIRONMENT, LOG = "study.yaml", "environment.json", "log.jsonl"
Listener = Callable[[Event], None]

EXTENSION_POINTS: dict[str, Mapping[str, Any]] = {
    "backbones": BACKBONES,
    "engines": ENGINES,
    "formats": FORMATS,
    "methods": METHODS,
    "protocols": PROTOCOLS,
    "sources": SOURCES,
    "tasks": TASKS,
}


@dataclass(frozen=True)
class StudyRun:
    """A study that was checked and can be run: what there is to do, and how it will be done."""

    plan: Plan
    store: Store
    launcher: Launcher
    folder: Path

    @cached_property
    def missing(self) -> list[Job]:
        """Jobs that no earlier study has done."""
        return [job for job in self.plan.jobs if self.store.state(job) != "done"]

    def describe(self) -> str:
        """How much there is to do, in a line."""
        steps = sum(job.cost for job in self.missing)
        cached = len(self.plan.jobs) - len(self.missing)
        return f"{len(self.plan.jobs)} jobs, {cached} of them done already; {steps:,} image-steps to go"

    def execute(self, listen: Listener | None = None) -> "Study":
        """Do what is missing, then write tables, charts and report."""
        with (self.folder / LOG).open("a") as log:

            def hear(event: Event) -> None:
                _log(log.write, event)
                if listen:
                    listen(event)

            failed = self.launcher.run(self.plan.jobs, hear)
        if failed:
            raise HeadstartError(next(iter(failed.values())))
        study = Study(self.folder, self.plan, self.store)
        study.report()
        return study


def prepare_study(
    config: StudyConfig,
    *,
    out: Path = Path("runs"),
    store: Path = DEFAULT_STORE,
    launcher: str = "local",
    workers: int | None = None,
) -> StudyRun:
    """Check a study, and make its folder ``out/NAME``. Raises ``HeadstartError`` for what the user can mend."""
    check_study(config)
    kept = Store(store)
    folder = _run_folder(out, config)
    environment = describe_environment() | {"store": str(kept.root)}
    write_atomic(folder / CONFIG, dump_yaml(config).encode())
    write_atomic(folder / ENVIRONMENT, json.dumps(environment, indent=1).encode())
    return StudyRun(make_plan(config), kept, lookup(LAUNCHERS, "launcher", launcher)(kept, workers), folder)


def run_study(config: StudyConfig | str | Path, **places: Any) -> "Study":
    """Run a study (a configuration, a recipe's name or a YAML file); ``places`` as ``prepare_study`` takes them."""
    checked = config if isinstance(config, StudyConfig) else load_study(config)
    return prepare_study(checked, **places).execute()


@dataclass(frozen=True)
class Study:
    """A study's folder and what is in it."""

    folder: Path
    plan: Plan
    store: Store

    @classmethod
    def load(cls, folder: Path) -> "Study":
        """The study that was run into ``folder``. Raises ``StoreError`` if none was."""
        try:
            environment = _environment(folder)
        except OSError:
            raise StoreError(
                f"{folder} holds no study ({CONFIG} is missing): name a folder such as runs/NAME"
            ) from None
        return cls(folder, make_plan(load_study(folder / CONFIG)), Store(Path(environment["store"])))

    @cached_property
    def tables(self) -> Tables:
        """Everything that was found so far: results, summary, utility, failures, verdict."""
        return Tables(self.plan, self.store)

    @property
    def results(self) -> pd.DataFrame:
        """One row per measured number of every finished run."""
        return self.tables.results

    @property
    def utility(self) -> pd.DataFrame:
        """One row per arm, protocol and budget: what pretraining was worth."""
        return self.tables.utility

    def report(self) -> Path:
        """Write tables, charts and page from what is finished; returns the page's path.

        Raises ``StoreError`` while jobs are missing.
        """
        missing = sum(1 for job in self.plan.jobs if self.store.state(job) != "done")
        if missing:
            raise StoreError(
                f"{self.folder} is unfinished ({missing} of {len(self.plan.jobs)} jobs missing): run the study again"
            )
        return write_outputs(self.folder, self.plan, self.store, self.tables, _environment(self.folder))


def plan_table(config: StudyConfig, *, store: Path = DEFAULT_STORE, workers: int | None = None) -> pd.DataFrame:
    """One row per kind of job, and one for all: how many, how many cached, image-steps and seconds that are left."""
    check_study(config)
    kept, plan = Store(store), make_plan(config)
    kinds = list(dict.fromkeys(job.kind for job in plan.jobs))
    rows = [_plan_row(kind, [job for job in plan.jobs if job.kind == kind], kept) for kind in kinds]
    rows.append(_plan_row("all", list(plan.jobs), kept))
    table = pd.DataFrame(rows)
    speed = measure_speed(config) * (workers or default_workers())
    return table.assign(seconds=(table["image_steps"] / speed).round(1))


def status_table(folder: Path) -> pd.DataFrame:
    """One row per kind of job: how many are done, begun and not begun."""
    study = Study.load(folder)
    states = pd.DataFrame(
        [{"kind": job.kind, "state": study.store.state(job)} for job in study.plan.jobs], columns=["kind", "state"]
    )
    counts = states.value_counts().unstack(fill_value=0).reindex(columns=["done", "incomplete", "absent"], fill_value=0)
    return counts.reset_index().rename_axis(columns=None)


def _environment(folder: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((folder / ENVIRONMENT).read_text())
    return found


def _plan_row(kind: str, jobs: list[Job], store: Store) -> dict[str, Any]:
    left = [job for job in jobs if store.state(job) != "done"]
    return {
        "kind": kind,
        "jobs": len(jobs),
        "cached": len(jobs) - len(left),
        "image_steps": sum(job.cost for job in left),
    }


def _run_folder(out: Path, config: StudyConfig) -> Path:
    folder = out.expanduser() / config.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made ({error.strerror}): name another folder with --out") from error
    return folder


def _log(write: Callable[[str], int], event: Event) -> None:
    if event.what != "progress":
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        write(json.dumps({"time": now, "event": event.what, "job": event.job.key, "what": event.job.title}) + "\n")


def catalogue(what: str) -> list[tuple[str, str]]:
    """Names and one line each of what a study is made of; ``what`` is a key of ``EXTENSION_POINTS``, or "recipes"."""
    if what == "recipes":
        return [(name, load_study(name).title) for name in recipe_names()]
    choices = lookup(EXTENSION_POINTS, "list", what)
    return [(name, _summary(kind)) for name, kind in sorted(choices.items())]


def backbone_sizes(resolution: int = 64) -> list[tuple[str, str, str]]:
    """Name, parameters, and floats that a training step keeps per image of ``resolution`` pixels a side.

    Of each backbone with its default options, on images of three channels. Where images are too small for one, the
    third says so.
    """
    return [_size(name, resolution) for name in sorted(BACKBONES)]


def _size(name: str, resolution: int) -> tuple[str, str, str]:
    network = outline(build_backbone, name, {})
    try:
        activations = f"{count_activations(network, resolution):,}"
    except ConfigError:
        activations = f"needs {network.min_resolution} px"
    return name, f"{count_parameters(network):,}", activations


def _summary(choice: Any) -> str:
    """A line about it: its own ``summary``, or else the first of its docstring."""
    told: str = getattr(choice, "summary", None) or choice.__doc__ or ""
    return told.strip().partition("\n")[0].replace("``", "")
