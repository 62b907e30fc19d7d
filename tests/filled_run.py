"""A run folder in which every job is done and none was run: its numbers are made up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from headstart.study.config.suite import Suite
from headstart.study.jobs.base import Job
from headstart.study.jobs.points import PointJob
from headstart.study.results.run_folder import RunFolder
from headstart.study.running.plan import Plan, make_plan
from headstart.tasks import TASKS

__all__ = ["fill", "filled_run", "known"]

WATCHED = {"step": 1, "loss": 1.0, "effective_rank": 2.0, "feature_spread": 0.5}


def known(job: Job) -> float:
    """The same of every run: doubling its steps brings nothing."""
    del job
    return 0.5


def filled_run(folder: Path, suite: Suite) -> RunFolder:
    """Of a suite that need not be settled."""
    plan = make_plan(suite.settled(), known)
    run = RunFolder(folder)
    (folder / "kept").mkdir(parents=True)
    run.begin(plan)
    fill(run, plan)
    return run


def fill(run: RunFolder, plan: Plan, score: Callable[[Any], float] | None = None) -> None:
    """Numbers for all of a plan; by default random ones about 0.5, which are the same each time."""
    rng = np.random.default_rng(0)
    for job in plan.jobs:
        found: dict[str, Any] = {}
        if isinstance(job, PointJob):
            value = score(job) if score else 0.45 + 0.1 * rng.random()
            metric = TASKS.traits(job.task).primary_metric
            records = [{"split": split, "metric": metric, "value": value} for split in ("val", "test")]
            found = {"records": records, "failure": None}
        elif job.kind == "pretrain":
            found = {"steps": 1, "features": 8, "failure": None, "rows": [WATCHED]}
        run._note(job.key, {"seconds": 1.0, "found": found})
