"""From finished jobs to the results table."""

import json
from pathlib import Path

import pandas as pd

from headstart.study.plan import Plan
from headstart.study.store import Store
from headstart.study.trial_jobs import FAILURE, RECORDS

__all__ = ["COLUMNS", "collect_failures", "collect_results"]

COLUMNS = [
    "dataset", "pretrain_dataset", "task", "backbone", "method", "protocol", "labels", "trial", "split", "metric",
    "value", "steps", "seconds", "job",
]  # fmt: skip


def collect_results(plan: Plan, store: Store) -> pd.DataFrame:
    """One row per measured number of every finished trial, in the order of the plan."""
    rows = []
    for job in plan.trials:
        if store.state(job) == "done":
            about = job.row() | {"seconds": store.seconds(job)}
            rows += [about | record for record in _records(store.folder(job))]
    return pd.DataFrame(rows, columns=COLUMNS)


def collect_failures(plan: Plan, store: Store) -> pd.DataFrame:
    """One row per run that yielded no number: which, at which step, why."""
    rows = []
    for job in plan.trials:
        path = store.folder(job) / FAILURE
        if path.exists():
            rows.append(job.row() | json.loads(path.read_text()))
    return pd.DataFrame(rows, columns=["method", "protocol", "labels", "trial", "step", "reason"])


def _records(folder: Path) -> list[dict[str, object]]:
    records: list[dict[str, object]] = json.loads((folder / RECORDS).read_text())
    return records
