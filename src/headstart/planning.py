"""What a study comes to before any of it is run: its plan, checked, and how much of that is left."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.cache import DEFAULT_STORE
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import Suite, as_suite

if TYPE_CHECKING:
    import pandas as pd

    from headstart.study.running.plan import Plan
    from headstart.study.running.scores import Known
    from headstart.study.running.store import State, Store

__all__ = ["CheckedPlan", "Config", "checked_plan", "plan_table"]

Config = Suite | StudyConfig | str | Path
"""A configuration, the name of a recipe, or a YAML file."""


@dataclass(frozen=True)
class CheckedPlan:
    """What a suite takes, and where it stands.

    store: which has what is done. plan: as far as it is known. states: of its jobs, by key. notes: sentences on what
    the user may not have meant.
    """

    store: "Store"
    plan: "Plan"
    states: Mapping[str, "State"]
    notes: tuple[str, ...]


def checked_plan(suite: Suite, address: Path | str, known: "Known") -> CheckedPlan:
    """The plan of a settled suite, whose networks are built and checked only if there is anything left to do.

    address: of the store, which is opened once the suite may work. known: what its run's folder keeps of finished jobs.
    Raises ``ConfigError`` for what cannot work.
    """
    from headstart.execution import plan_with
    from headstart.study.config.checks import check_suite
    from headstart.study.running.left import states_of
    from headstart.study.running.store import open_store

    notes = check_suite(suite, networks=False)
    store = open_store(address)
    plan = plan_with(suite, store, known=known)
    states = states_of(plan, store, known)
    if any(state != "done" for state in states.values()):
        check_suite(suite)
    return CheckedPlan(store, plan, states, notes)


def plan_table(
    config: Config,
    *,
    store: Path | str = DEFAULT_STORE,
    workers: int | None = None,
    out: Path | str = "runs",
) -> "pd.DataFrame":
    """One row per kind of job, and one for all: how many, how many cached, image-steps and seconds that are left.

    Seconds of a kind are those of all workers together, side by side; in the last row is how long it takes in all, with
    what waits for what. Cached is what ``store`` has, or of which the run's folder ``out/NAME`` has the numbers. Where
    steps are to be found, it is the jobs that tell how many are enough, as far as they are known.

    >>> plan_table("quickstart").set_index("kind")["jobs"]  # doctest: +SKIP
    """
    suite = as_suite(config).settled()
    import pandas as pd

    from headstart.study.results.run_folder import RunFolder
    from headstart.study.running.estimate import seconds_left, side_by_side, wall_seconds
    from headstart.study.running.launchers import LocalLauncher

    checked = checked_plan(suite, store, RunFolder(Path(out).expanduser() / suite.name).known())
    plan, states = checked.plan, checked.states
    seconds = seconds_left(plan, states)
    together = side_by_side(plan, LocalLauncher(checked.store, workers))
    table = pd.DataFrame([
        {
            "kind": job.kind,
            "jobs": 1,
            "cached": int(states[job.key] == "done"),
            "image_steps": job.cost if states[job.key] != "done" else 0,
            "seconds": seconds.get(job.key, 0.0) / together,
        }
        for job in plan.jobs
    ])  # fmt: skip
    kinds = table.groupby("kind", sort=False).sum().reset_index()
    total = kinds.sum(numeric_only=True).to_frame().T.assign(kind="all").astype(kinds.dtypes)
    total["seconds"] = wall_seconds(plan, seconds, together)
    return pd.concat([kinds, total], ignore_index=True).round({"seconds": 1})
