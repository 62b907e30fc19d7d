"""From what a run folder keeps to the tables of everything that was measured."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headstart.study.jobs.hits import HITS, read_hits
from headstart.study.results.plan_tables import CURVE
from headstart.study.results.run_folder import Outcome, RunFolder
from headstart.study.results.table_files import rows_of

__all__ = ["NOT_RUN", "collect_history", "collect_hits", "collect_missing", "collect_pretraining", "collect_results"]

RESULTS = [*CURVE, "role", "labels", "trial", "pretraining", "split", "metric", "value", "steps", "seconds", "job"]
MISSING = ["arm", "task", "protocol", "labels", "trial", "step", "reason"]
PRETRAINING = [
    "arm", "method", "seed", "pretrain_dataset", "steps", "loss", "effective_rank", "features", "feature_spread",
    "state",
]  # fmt: skip
HISTORY = ["arm", "method", "seed", "step", "metric", "value"]
NOT_RUN = "not run yet"
Outcomes = Mapping[str, Outcome]


def collect_results(run: RunFolder, outcomes: Outcomes) -> pd.DataFrame:
    """One row per number of every planned run, in the order of the plan; a run that gave none has no values."""
    rows = []
    for point in rows_of(run.points):
        outcome = outcomes.get(point["job"], Outcome())
        metric = run.info.metrics[point["task"]].name
        measured = outcome.found["records"] if outcome.found else _nothing(metric)
        rows += [point | {"seconds": outcome.seconds} | record for record in measured]
    return pd.DataFrame(rows, columns=[*run.info.varied, *RESULTS]).astype({"value": float})


def collect_hits(run: RunFolder, outcomes: Outcomes) -> dict[str, NDArray[np.bool_]]:
    """By job: which test images it got right, bool ``[N]``; of those whose score is a share of images."""
    done = [job for job in run.points["job"].unique() if (found := outcomes.get(job)) and found.done]
    kept = {job: run.keepsake(job, HITS) for job in done}
    return {job: read_hits(path) for job, path in kept.items() if path.exists()}


def _nothing(metric: str) -> list[dict[str, Any]]:
    return [{"split": split, "metric": metric, "value": None} for split in ("val", "test")]


def collect_missing(run: RunFolder, outcomes: Outcomes) -> pd.DataFrame:
    """One row per planned run without a number: which, why, and at which step if it had begun to learn."""
    rows = []
    for point in rows_of(run.points):
        if why := _why_missing(outcomes.get(point["job"])):
            rows.append(point | why)
    return pd.DataFrame(rows, columns=[*run.info.varied, *MISSING])


def _why_missing(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return {"step": None, "reason": NOT_RUN}
    if outcome.found is None:
        return {"step": None, "reason": outcome.reason}
    failure: dict[str, Any] | None = outcome.found["failure"]
    return failure


def collect_pretraining(run: RunFolder, outcomes: Outcomes) -> pd.DataFrame:
    """One row per pretraining: the last that was measured of it, and ``ok`` or what became of it instead."""
    rows = [row | _end(outcomes.get(row["job"])) for row in rows_of(run.pretrainings)]
    return pd.DataFrame(rows, columns=[*run.info.varied, *PRETRAINING])


def _end(outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None or outcome.found is None:
        return {"state": outcome.reason if outcome else NOT_RUN}
    found = outcome.found
    last = {name: value for row in found["rows"] for name, value in row.items() if name in PRETRAINING}
    failure = found["failure"]
    state = f"{failure['reason']} (step {failure['step']:,})" if failure else "ok"
    return last | {"steps": found["steps"], "features": found["features"], "state": state}


def collect_history(run: RunFolder, outcomes: Outcomes) -> pd.DataFrame:
    """Every number that was measured while pretraining: arm, method, seed, step, metric, value."""
    return pd.DataFrame(list(_history(run, outcomes)), columns=[*run.info.varied, *HISTORY])


def _history(run: RunFolder, outcomes: Outcomes) -> Iterator[dict[str, Any]]:
    for row in rows_of(run.pretrainings):
        outcome = outcomes.get(row["job"])
        for measured in outcome.found["rows"] if outcome and outcome.found else ():
            metrics = {name: value for name, value in measured.items() if name != "step"}
            for name, value in metrics.items():
                yield row | {"step": int(measured["step"]), "metric": name, "value": value}
