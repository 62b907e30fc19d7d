"""What is there of the runs of figures, wherever they were measured: each is planned as it was where most is done.

Keys hold device, precision and releases of libraries, so that a plan made here would find nothing of what another
machine measured. What it was planned with there is known of every run that lies in the folder.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from headstart.errors import StoreError
from headstart.execution import StudyRun, keep_environment
from headstart.files import unwritable, write_atomic
from headstart.study.config.arms import REFERENCE
from headstart.study.config.recipes import read_values
from headstart.study.config.settle import Machine, this_machine
from headstart.study.config.suite import Suite
from headstart.study.jobs.hardware import with_releases
from headstart.study.results.run_folder import CONFIG, ENVIRONMENT, RunFolder
from headstart.study.running.environment import describe_environment
from headstart.study.running.launchers import LocalLauncher
from headstart.study.running.left import states_of
from headstart.study.running.plan import Plan, make_plan
from headstart.study.running.scores import Known, scores_in
from headstart.study.running.store import Store

__all__ = ["Place", "place_of", "runs_in", "runs_there"]

COMPUTING = ("torch", "scikit-learn")
"""Packages whose releases are in keys."""


@dataclass(frozen=True)
class Place:
    """Where runs are measured. machine: what it decides for studies. releases: of the libraries that compute.
    environment: all that is known of it."""

    machine: Machine
    releases: tuple[str, ...]
    environment: Mapping[str, str] = field(compare=False)

    @classmethod
    def of(cls, machine: Machine, environment: Mapping[str, str]) -> "Place":
        return cls(machine, tuple(environment.get(name, "").partition("+")[0] for name in COMPUTING), environment)


def place_of(run: RunFolder) -> Place | None:
    """Where a run was planned to be measured, as far as its folder tells."""
    path = run.folder / ENVIRONMENT
    keys = read_values(run.folder / CONFIG) if path.exists() else {}
    precision = ((keys.get("protocols") or {}).get(REFERENCE) or {}).get("precision", "auto")
    if keys.get("device", "auto") == "auto" or precision == "auto":
        return None
    return Place.of(Machine(keys["device"], precision), json.loads(path.read_text(encoding="utf-8")))


def runs_there(suites: Mapping[str, Suite], folder: Path, store: Store) -> dict[str, StudyRun]:
    """The runs of ``suites`` in ``folder``, with what is finished of each, in ``store`` or in runs that lie there and
    share its jobs. Nothing is run.

    Each is planned for this machine, unless more of its numbers are there from another; numbers of several machines are
    never put together. Raises ``StoreError`` where nothing can be written into ``folder``.
    """
    beside = runs_in(folder)
    known = {key: found for run in beside for key, found in run.known().items()}
    here = Place.of(this_machine(), describe_environment())
    places = dict.fromkeys([here, *(place for run in beside if (place := place_of(run)))])
    found = {}
    for recipe, suite in suites.items():
        fullest = max((_planned(suite, place, store, known) for place in places), key=lambda one: one.numbers)
        found[recipe] = _begun(fullest, folder / suite.name, store)
        found[recipe].adopt(beside)
        found[recipe].collect()
    return found


def runs_in(folder: Path) -> list[RunFolder]:
    """The runs that lie in ``folder``, which may not be there."""
    return [RunFolder(one) for one in sorted(folder.iterdir()) if RunFolder.lies_in(one)] if folder.exists() else []


class _Planned(NamedTuple):
    """What a suite comes to at a place, and how many of its runs are finished."""

    plan: Plan
    place: Place
    numbers: int


def _planned(suite: Suite, place: Place, store: Store, known: Known) -> _Planned:
    with with_releases(place.environment):
        plan = make_plan(suite.settled(place.machine), scores_in(store, known=known))
        states = states_of(plan, store, known)
    keys = {point.job.key for point in plan.points}
    return _Planned(plan, place, sum(states[key] == "done" for key in keys))


def _begun(planned: _Planned, folder: Path, store: Store) -> StudyRun:
    """A plan in its folder, which says where its numbers are from."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(unwritable(folder, error)) from error
    run = RunFolder(folder)
    before = place_of(run) if RunFolder.lies_in(folder) else None
    with run.held():
        run.begin(planned.plan)
        if before != planned.place:
            write_atomic(folder / ENVIRONMENT, json.dumps(dict(planned.place.environment)).encode())
        keep_environment(run, store, works=False)
    return StudyRun(planned.plan, store, LocalLauncher(store), run)
