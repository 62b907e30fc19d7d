"""Whether arms are trained out: what twice the steps did to their scores on validation images."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from headstart.study.results.metrics import PrimaryMetric
from headstart.study.results.run_folder import Outcome, RunFolder
from headstart.study.results.table_files import rows_of
from headstart.study.running.steps import changes, validation_score

__all__ = ["TRAINED_OUT", "collect_trained_out"]

CONDITIONS = ["dataset", "task", "protocol", "labels"]
TRAINED_OUT = [*CONDITIONS, "metric", "arm", "steps", "change", "error", "limit", "settled"]


def collect_trained_out(run: RunFolder, outcomes: Mapping[str, Outcome]) -> pd.DataFrame:
    """One row per arm, task, protocol and budget at which steps were doubled, in the order of the plan.

    change: of the mean score over trials by twice the ``steps``, more being better, on validation images; error: its
    standard error; limit: what it must stay below to be ``settled``. Runs without a number are left out.
    """
    keys = [*run.info.varied, "variant", *CONDITIONS]
    rows: list[dict[str, Any]] = []
    for names, runs in run.doublings.groupby(keys, sort=False):
        conditions = dict(zip(keys, names, strict=True))
        metric = run.info.metrics[str(conditions["task"])]
        rows += [conditions | {"metric": metric.name} | row for row in _rows(rows_of(runs), outcomes, metric)]
    return pd.DataFrame(rows, columns=[*run.info.varied, *TRAINED_OUT])


def _rows(
    doublings: Sequence[Mapping[str, Any]], outcomes: Mapping[str, Outcome], metric: PrimaryMetric
) -> list[dict[str, Any]]:
    scores = [[_score(outcomes.get(one[end]), metric) for end in ("job", "doubled")] for one in doublings]
    differences = [(one["arm"], after - before) for one, (before, after) in zip(doublings, scores, strict=True)]
    steps = doublings[0]["steps"]
    return [
        {"arm": one.arm, "steps": steps, "change": one.mean, "error": one.error, "limit": one.limit}
        | {"settled": one.settled}
        for one in changes(differences, doublings[0]["tolerance"])
    ]


def _score(outcome: Outcome | None, metric: PrimaryMetric) -> float:
    records = outcome.found["records"] if outcome and outcome.found else ()
    return validation_score(records, metric.name, metric.higher_is_better)
