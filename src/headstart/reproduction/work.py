"""What runs took: jobs, image-steps, time of a core, and on which machine."""

import json
from collections.abc import Iterable

import pandas as pd

from headstart.api import Study
from headstart.report.advice import duration
from headstart.study.results.run_folder import ENVIRONMENT

__all__ = ["machines_of", "work_of"]


def work_of(studies: Iterable[Study]) -> str:
    """What is finished of runs together, whenever and for whichever it was done; a job that several share counts once.

    ``242 jobs, 9,930,948 image-steps, 1 h 22 min of one core or GPU``
    """
    done = pd.concat([_done(study) for study in studies]).drop_duplicates("job")
    steps, seconds = int(done["cost"].sum()), float(done["seconds"].sum())
    return f"{len(done):,} jobs, {steps:,} image-steps, {duration(seconds)} of one core or GPU"


def _done(study: Study) -> pd.DataFrame:
    """``job, cost, seconds`` of every finished job."""
    seconds = {key: outcome.seconds for key, outcome in study.run.outcomes().items() if outcome.done}
    jobs = study.run.jobs[["job", "cost"]]
    return jobs.assign(seconds=jobs["job"].map(seconds)).dropna(subset="seconds")


def machines_of(studies: Iterable[Study]) -> str:
    """Where runs were last carried on: processor, cores, GPU, and the versions that numbers hang on.

    ``AMD EPYC, 2 cores, no GPU; headstart 0.1.0, torch 2.13.0``
    """
    found = (json.loads((study.folder / ENVIRONMENT).read_text(encoding="utf-8")) for study in studies)
    return " · ".join(dict.fromkeys(_machine(one) for one in found))


def _machine(environment: dict[str, str]) -> str:
    gpu = "no GPU" if environment["gpu"] == "none" else environment["gpu"]
    versions = ", ".join(f"{name} {environment[name]}" for name in ("headstart", "torch"))
    return f"{environment['processor']}, {environment['cores']} cores, {gpu}; {versions}"
