"""A plan as tables: what a run folder knows of its jobs without their code, their data, or the store."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from headstart.study.jobs.pretrain import PretrainJob
    from headstart.study.running.plan import Plan, Point

__all__ = ["ARMS", "CURVE", "DOUBLINGS", "JOBS", "POINTS", "PRETRAININGS", "plan_tables"]

JOBS, POINTS, PRETRAININGS, DOUBLINGS, ARMS = "jobs", "points", "pretrainings", "doublings", "arms"
CURVE = ["dataset", "pretrain_dataset", "task", "backbone", "arm", "method", "protocol"]
"""The columns that name a curve in every table, behind what a suite varies."""
DOUBLED_OF = ["dataset", "task", "protocol", "arm"]
COLUMNS = {
    JOBS: ["job", "kind", "title", "cost"],
    POINTS: ["variant", *CURVE, "role", "labels", "trial", "pretraining", "steps", "job"],
    PRETRAININGS: ["variant", "arm", "method", "seed", "pretrain_dataset", "job"],
    DOUBLINGS: ["variant", *DOUBLED_OF, "labels", "trial", "steps", "tolerance", "job", "doubled"],
    ARMS: ["arm", "method", "role", "note"],
}


def plan_tables(plan: "Plan") -> dict[str, "pd.DataFrame"]:
    """``jobs``, ``points``, ``pretrainings``, ``doublings`` and ``arms`` of a plan.

    ``variant`` is the number of a suite's study.
    """
    jobs = ({"job": job.key, "kind": job.kind, "title": job.title, "cost": job.cost} for job in plan.jobs)
    varied = plan.suite.varied
    return {
        JOBS: _frame(jobs, COLUMNS[JOBS]),
        POINTS: _frame((_point(plan, point) for point in plan.points), [*varied, *COLUMNS[POINTS]]),
        PRETRAININGS: _frame(_pretrainings(plan), [*varied, *COLUMNS[PRETRAININGS]]),
        DOUBLINGS: _frame(_doublings(plan), [*varied, *COLUMNS[DOUBLINGS]]),
        ARMS: _frame(_arms(plan), COLUMNS[ARMS]).drop_duplicates(ignore_index=True),
    }


def _frame(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(columns))


def _varied(plan: "Plan", variant: int) -> dict[str, Any]:
    return {**plan.suite.variants[variant].values, "variant": variant}


def _point(plan: "Plan", point: "Point") -> dict[str, Any]:
    job, pretraining = point.job, point.pretraining
    return {
        **_varied(plan, point.variant),
        "dataset": plan.labels[job.dataset.key],
        "pretrain_dataset": _learned_from(plan, pretraining) if pretraining else "",
        "task": job.task,
        "backbone": point.backbone,
        "arm": point.arm,
        "method": point.method,
        "protocol": point.protocol,
        "role": point.role,
        "labels": job.labels,
        "trial": job.trial,
        "pretraining": pretraining.key if pretraining else "",
        "steps": job.steps,
        "job": job.key,
    }


def _learned_from(plan: "Plan", job: "PretrainJob") -> str:
    """The dataset of a pretraining, and what it saw besides."""
    label = plan.labels[job.dataset.key]
    return f"{label} and {job.pool.cost} unlabelled" if job.pool else label


def _pretrainings(plan: "Plan") -> Iterator[dict[str, Any]]:
    for pretraining in plan.pretrainings:
        named = {
            "arm": pretraining.arm,
            "method": pretraining.job.method,
            "seed": pretraining.replicate,
            "job": pretraining.job.key,
        }
        yield (_varied(plan, pretraining.variant) | named | {"pretrain_dataset": _learned_from(plan, pretraining.job)})


def _doublings(plan: "Plan") -> Iterator[dict[str, Any]]:
    for one in plan.doublings:
        doubling, job = one.doubling, one.doubling.job
        yield _varied(plan, one.variant) | {
            "dataset": plan.labels[job.dataset.key],
            "task": job.task,
            "protocol": job.protocol,
            "arm": doubling.arm,
            "labels": job.labels,
            "trial": job.trial,
            "steps": job.steps,
            "tolerance": doubling.tolerance,
            "job": job.key,
            "doubled": doubling.doubled.key,
        }


def _arms(plan: "Plan") -> Iterator[dict[str, Any]]:
    for arms in plan.arms:
        for arm in arms:
            method = arm.name if arm.role == "control" else arm.start(0).title
            yield {"arm": arm.name, "method": method, "role": arm.role, "note": arm.note}
