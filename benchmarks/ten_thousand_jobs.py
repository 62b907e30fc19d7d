"""How long plan, status and tables of a study of about 10,000 jobs take, none of which is run.

    python benchmarks/ten_thousand_jobs.py [--trials 38]

Prints seconds of this machine. Every job is marked as done in a store in a temporary folder, and its outcome made up,
so that each step meets what it would meet after such a study.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headstart.api import Study, prepare_study
from headstart.methods import METHODS
from headstart.runs import status_table
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import as_suite
from headstart.study.jobs.base import Job
from headstart.study.running.plan import Plan, make_plan
from headstart.study.running.store import Store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=38)
    trials = parser.parse_args().trials
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = study(trials)
        plan = timed("plan, with the key of every job", lambda: planned(config))
        print(f"{len(plan.jobs):,} jobs")
        store = Store(folder / "store")
        timed("states in an empty store", lambda: store.states(plan.jobs))
        finish(store, plan.jobs)
        timed("states in a full store", lambda: store.states(plan.jobs))
        options = {"out": folder, "store": store.root, "many": True}
        prepared = timed("prepare: checks, plan, run folder", lambda: prepare_study(config, **options))
        timed("take what is finished", prepared.execute)
        timed("status", lambda: status_table(prepared.run.folder))
        tables = timed("tables", lambda: Study.load(prepared.run.folder).tables)
        print(f"{len(tables.results):,} results, {len(tables.utility):,} utilities, {len(tables.missing):,} missing")


def planned(config: StudyConfig) -> Plan:
    plan = make_plan(as_suite(config).settled())
    assert plan.jobs  # which makes the keys
    return plan


def study(trials: int) -> StudyConfig:
    """Ten arms, of which nine by methods that pretrain, under three protocols at ten budgets."""
    learn = {"min_steps": 10, "batch_size": 16}
    return StudyConfig(
        name="many",
        dataset={"images": 7200, "resolution": 48},
        backbone={"options": {"width": 4}},
        arms={name: {} for name in METHODS if not METHODS.traits(name).taught},
        pretrain={"steps": 10, "batch_size": 16},
        protocols={"finetune": learn, "linear": learn, "knn": {}},
        budgets=tuple(range(50, 550, 50)),
        trials=trials,
    )


def finish(store: Store, jobs: tuple[Job, ...]) -> None:
    """Mark every job as done, with an outcome such as its kind has."""
    rng = random.Random(0)
    for job in jobs:
        folder = store.folder(job)
        folder.mkdir(parents=True)
        (folder / name_of(job)).write_text(json.dumps(made_up(job, rng)))
        folder.with_name(f"{job.key}.json").write_text(json.dumps({"seconds": 1.0, "finished": 0.0}))


def name_of(job: Job) -> str:
    names = {"dataset": "about.json", "pretrain": "history.json", "trial": "records.json", "blind": "records.json"}
    return names.get(job.kind, "nothing.json")


def made_up(job: Job, rng: random.Random) -> Any:
    if job.kind == "pretrain":
        rows = [{"step": step, "loss": 1.0, "effective_rank": 9.0, "feature_spread": 0.3} for step in range(100)]
        return {"steps": 10, "features": 32, "rows": rows, "failure": None}
    if job.kind == "dataset":
        return {"classes": ["one", "two"]}
    records = [{"split": split, "metric": "accuracy", "value": rng.uniform(0.1, 0.9)} for split in ("val", "test")]
    return {"records": records, "failure": None}


def timed(what: str, work: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    found = work()
    print(f"{time.perf_counter() - started:7.2f} s  {what}", flush=True)
    return found


if __name__ == "__main__":
    main()
