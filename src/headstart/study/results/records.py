"""From finished jobs to the results table."""

import json
from pathlib import Path

import pandas as pd

from headstart.study.jobs.points import FAILURE, RECORDS
from headstart.study.jobs.pretrain import PretrainJob
from headstart.study.running.plan import Plan
from headstart.study.running.store import Store

__all__ = [
    "COLUMNS",
    "PRETRAINING_COLUMNS",
    "collect_failures",
    "collect_history",
    "collect_pretraining",
    "collect_results",
]

COLUMNS = [
    "dataset", "pretrain_dataset", "task", "backbone", "method", "protocol", "labels", "trial", "split", "metric",
    "value", "steps", "seconds", "job",
]  # fmt: skip

PRETRAINING_COLUMNS = [
    "method", "seed", "pretrain_dataset", "steps", "loss", "effective_rank", "features", "feature_spread", "state",
]  # fmt: skip


def collect_results(plan: Plan, store: Store) -> pd.DataFrame:
    """One row per measured number of every finished trial, in the order of the plan."""
    rows = []
    for job in plan.points:
        if store.state(job) == "done":
            about = job.row() | {"seconds": store.seconds(job)}
            rows += [about | record for record in _records(store.folder(job))]
    return pd.DataFrame(rows, columns=COLUMNS)


def collect_failures(plan: Plan, store: Store) -> pd.DataFrame:
    """One row per run that yielded no number: which, at which step, why."""
    rows = []
    for job in plan.points:
        path = store.folder(job) / FAILURE
        if path.exists():
            rows.append(job.row() | json.loads(path.read_text()))
    return pd.DataFrame(rows, columns=["method", "protocol", "labels", "trial", "step", "reason"])


def collect_pretraining(plan: Plan, store: Store) -> pd.DataFrame:
    """One row per finished pretraining: the last that was measured of it, and ``ok`` or what became of it instead."""
    rows = []
    for job in _finished(plan, store):
        told = job.history(store.folder(job))
        last = {name: value for row in told["rows"] for name, value in row.items()}
        failure = told["failure"]
        state = f"{failure['reason']} (step {failure['step']:,})" if failure else "ok"
        named = {"method": job.method, "seed": job.seed, "pretrain_dataset": job.dataset.source.name}
        rows.append(last | named | {"steps": told["steps"], "features": told["features"], "state": state})
    return pd.DataFrame(rows, columns=PRETRAINING_COLUMNS)


def collect_history(plan: Plan, store: Store) -> pd.DataFrame:
    """Every number that was measured while pretraining: method, seed, step, metric, value."""
    rows = []
    for job in _finished(plan, store):
        for measured in job.history(store.folder(job))["rows"]:
            named = {"method": job.method, "seed": job.seed, "step": int(measured["step"])}
            metrics = {name: value for name, value in measured.items() if name != "step"}
            rows += [named | {"metric": name, "value": value} for name, value in metrics.items()]
    return pd.DataFrame(rows, columns=["method", "seed", "step", "metric", "value"])


def _finished(plan: Plan, store: Store) -> list[PretrainJob]:
    return [job for job in plan.pretrainings if store.state(job) == "done"]


def _records(folder: Path) -> list[dict[str, object]]:
    records: list[dict[str, object]] = json.loads((folder / RECORDS).read_text())
    return records
