"""What a worker costs: seconds until it can work, and its memory before and after its first trial.

    python benchmarks/worker.py

A tiny study's images and pretraining are made first; then one worker process starts, as the local launcher starts it,
and runs one fine-tuning trial. Private memory is what each further worker takes; the rest is shared by all of them.
"""

import tempfile
import time
from pathlib import Path

from headstart.processes import Child, Parent
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import as_suite
from headstart.study.jobs.base import Job
from headstart.study.running.plan import make_plan
from headstart.study.running.store import Store

SMAPS = Path("/proc/self/smaps_rollup")


def main() -> None:
    import worker as importable  # this file, as other processes find it

    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        plan = make_plan(as_suite(study()).settled())
        for job in plan.jobs:
            if job.kind != "trial":
                store.run(job)
        trial = next(point.job for point in plan.points if point.arm == "rotation")
        started = time.perf_counter()
        child = Child(importable.measured, store.root, trial)
        print(f"ready after {child.receive() - started:.2f} s")
        for when in ("with torch and headstart loaded", "after its first trial"):
            resident, private = child.receive()
            print(f"{resident:5.0f} MiB resident, {private:5.0f} MiB of them private, {when}")
        child.end()


def study() -> StudyConfig:
    learn = {"min_steps": 20, "batch_size": 16}
    return StudyConfig(
        name="worker",
        dataset={"images": 1200, "resolution": 32, "samples": 1},
        backbone={"options": {"width": 8}},
        arms={"rotation": {}},
        pretrain={"steps": 5, "batch_size": 16},
        protocols={"finetune": learn},
        budgets=(50, 100),
        trials=1,
    )


def measured(parent: Parent, root: Path, job: Job) -> None:
    """The life of the worker."""
    import torch

    parent.send(time.perf_counter())
    torch.set_num_threads(1)
    parent.send(memory())
    Store(root).run(job)
    parent.send(memory())
    parent.receive()


def memory() -> tuple[float, float]:
    """MiB of this process: resident, and private."""
    sizes = {}
    for line in SMAPS.read_text().splitlines()[1:]:
        name, _, value = line.partition(":")
        sizes[name] = int(value.split()[0]) / 1024
    return sizes["Rss"], sizes["Private_Clean"] + sizes["Private_Dirty"]


if __name__ == "__main__":
    main()
