"""How long reports take, of runs that were never made: one of 5,000 records and more, and the page of all figures.

    python benchmarks/reports.py [--recipe paper/fig05] [--scale paper] [--figures small|paper]

Prints wall-clock seconds of this machine, in brackets those of its processor, and what is written in megabytes. Run
folders are planned as any and their outcomes made up, with which test images each run got right, so that every step
meets what it would meet after such a study. Nothing is rendered or trained.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from headstart.api import Study
from headstart.report.reproduction import ReproductionPage, RunNote, write_reproduction
from headstart.reproduction.figures import FIGURES
from headstart.reproduction.parts import evidence_of, part_of
from headstart.study.config.suite import load_suite
from headstart.study.jobs.hits import keep_hits
from headstart.study.results.run_folder import ENVIRONMENT, RunFolder
from headstart.study.running.plan import Plan, make_plan

IMAGES = 2000
"""Test images of each dataset."""
AHEAD = {"vae": 1.2, "rotation": 1.8, "cmc": 2.6, "amdim": 1.5}
"""How many times its labels a method is worth where they are few."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="paper/fig05")
    parser.add_argument("--scale", default="paper")
    parser.add_argument("--figures", metavar="SCALE", help="the page of all figures as well, at this scale")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        study = made_up(chosen.recipe, chosen.scale, Path(name))
        tables = timed("tables", lambda: study.tables)
        records, studies = len(tables.results), max(1, len(tables.results[list(tables.varied)].drop_duplicates()))
        print(f"{records:,} records of {studies} studies, {len(tables.utility):,} utilities")
        timed("report: tables, charts and page", study.report)
        told(study.folder, "report.html")
        if chosen.figures:
            all_figures(chosen.figures, Path(name) / "all")


def all_figures(scale: str, folder: Path) -> None:
    """The page of ``headstart reproduce all --what-is-there``, without each run's own report, which it names."""
    recipes = dict.fromkeys(recipe for figure in FIGURES.values() for recipe in figure.recipes)
    studies = {recipe: made_up(f"paper/{recipe}", scale, folder) for recipe in recipes}
    evidence = timed(f"tables of {len(recipes)} runs", lambda: evidence_of(studies))
    print(f"{sum(len(run.results) for run in evidence.runs.values()):,} records at scale {scale}")
    notes = {recipe: RunNote(recipe, f"{recipe}/report.html", ()) for recipe in recipes}
    parts = timed("rules and charts", lambda: [part_of(figure, evidence, notes)[1] for figure in FIGURES.values()])
    page = ReproductionPage("All figures", scale, "", evidence.confidence, tuple(parts))
    timed(
        f"page of {len(parts)} figures, with charts as files", lambda: write_reproduction(folder / "index.html", page)
    )
    told(folder, "index.html")


def made_up(recipe: str, scale: str, out: Path) -> Study:
    """A run folder in which every job of a recipe is done."""
    suite = load_suite(recipe, scale=scale).settled()
    plan, run = make_plan(suite), RunFolder(out / suite.name)
    run.begin(plan)
    (run.folder / ENVIRONMENT).write_text("{}")
    outcomes = [{"job": job.key, "seconds": 1.0, "found": found} for job, found in found_by(plan, run)]
    (run.folder / "kept" / "outcomes.jsonl").write_text("\n".join(map(json.dumps, outcomes)))
    return Study.load(run.folder)


def found_by(plan: Plan, run: RunFolder) -> Any:
    """What each job told: scores of trials, histories of pretrainings, classes of datasets."""
    rng, scores = random.Random(0), trial_scores(plan)
    for job in plan.jobs:
        if job.kind == "pretrain":
            rows = [{"step": step, "loss": 1.0, "effective_rank": 9.0, "feature_spread": 0.3} for step in range(100)]
            yield job, {"steps": 10, "features": 32, "rows": rows, "failure": None}
        elif job.key in scores:
            metric, value = scores[job.key]
            value += rng.gauss(0.0, 0.01)
            yield (
                job,
                {
                    "records": [{"split": split, "metric": metric, "value": value} for split in ("val", "test")],
                    "failure": None,
                },
            )
            if metric == "accuracy":
                keep(run, job.key, value, rng)
        elif job.kind == "dataset":
            yield job, {"classes": ["one", "two"]}


def keep(run: RunFolder, key: str, accuracy: float, rng: random.Random) -> None:
    folder = run.keepsake(key, "").parent / key
    folder.mkdir(parents=True)
    right = np.random.default_rng(rng.randrange(2**32)).random(IMAGES) < accuracy
    keep_hits(folder, torch.from_numpy(right))


def trial_scores(plan: Plan) -> dict[str, tuple[str, float]]:
    """By job: its metric, and what it scores but for luck."""
    from headstart.study.results.metrics import primary_metrics

    found = {}
    jobs = [(point.job, point.arm, point.protocol) for point in plan.points]
    jobs += [
        (one, "scratch", "finetune")
        for doubled in plan.doublings
        for one in (doubled.doubling.job, doubled.doubling.doubled)
    ]
    metrics = primary_metrics(dict.fromkeys(job.task for job, *_ in jobs))
    for job, arm, protocol in jobs:
        labels = job.labels * (1 + (AHEAD.get(arm, 1.0) - 1) * (100 / job.labels) ** 0.3)
        value = {"finetune": 0.9, "linear": 0.7}.get(protocol, 0.1) - (protocol != "constant") * 2.0 * labels**-0.35
        metric = metrics[job.task]
        found[job.key] = (metric.name, max(0.05, value) if metric.higher_is_better else 1.0 - value)
    return found


def told(folder: Path, page: str) -> None:
    sizes = {
        path: path.stat().st_size / 1e6 for path in folder.rglob("*") if path.is_file() and "kept" not in path.parts
    }
    print(f"{sizes[folder / page]:7.1f} MB {page}, {sum(sizes.values()):.1f} MB with tables and charts beside it")


def timed(what: str, work: Callable[[], Any]) -> Any:
    wall, busy = time.perf_counter(), time.process_time()
    found = work()
    print(f"{time.perf_counter() - wall:7.2f} s  ({time.process_time() - busy:.2f} s)  {what}", flush=True)
    return found


if __name__ == "__main__":
    main()
