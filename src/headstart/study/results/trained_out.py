"""Whether arms are trained out: what twice the steps did to their scores on validation images."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from headstart.study.results.metrics import PrimaryMetric
from headstart.study.results.run_folder import Outcome, RunFolder
from headstart.study.results.table_files import rows_of
from headstart.study.running.steps import TOGETHER, Change, Difference, changes, validation_score

__all__ = ["TRAINED_OUT", "collect_trained_out", "doubled_results", "listed"]

CONDITIONS = ["dataset", "task", "protocol"]
TRAINED_OUT = [*CONDITIONS, "labels", "probed", "metric", "arm", "steps", "change", "error", "limit", "settled"]


def collect_trained_out(run: RunFolder, outcomes: Mapping[str, Outcome]) -> pd.DataFrame:
    """One row per arm, task and protocol, at each budget at which steps were doubled, and then over all of these.

    labels: the budget, or all of the arm's (``10, 20 and 100``); probed: how many those are. change: of the mean score
    over trials by twice the ``steps``, more being better, on validation images; error: its standard error; limit: what
    it must stay below to be ``settled``: over all budgets the tolerance or the error, whichever is larger; at one of
    several both together, for one of them may seem to move by luck. Runs without a number are left out.
    """
    keys = [*run.info.varied, "variant", *CONDITIONS]
    rows: list[dict[str, Any]] = []
    for names, runs in run.doublings.groupby(keys, sort=False):
        conditions = dict(zip(keys, names, strict=True))
        metric = run.info.metrics[str(conditions["task"])]
        groups = [group for _, group in runs.groupby("labels", sort=False)]
        several = len(groups) > 1
        for group, one in [*((group, several) for group in groups), *([(runs, False)] if several else [])]:
            found = _rows(rows_of(group), outcomes, metric, lenient=one)
            rows += [conditions | {"metric": metric.name} | row for row in found]
    return pd.DataFrame(rows, columns=[*run.info.varied, *TRAINED_OUT])


def doubled_results(run: RunFolder, outcomes: Mapping[str, Outcome], results: pd.DataFrame) -> pd.DataFrame:
    """Results in which the baseline took twice the steps, at the budgets where that was tried; elsewhere it has no
    number."""
    pairs = run.doublings.drop_duplicates("job").set_index("job")["doubled"]
    baseline = results["role"] == "baseline"
    rows = results.loc[baseline, ["job", "split", "metric"]]
    found = {
        (job, record["split"], record["metric"]): record["value"]
        for job, doubled in pairs.items()
        if (outcome := outcomes.get(doubled)) and outcome.found
        for record in outcome.found["records"]
    }
    values = [found.get(key, np.nan) for key in rows.itertuples(index=False, name=None)]
    return results.assign(value=results["value"].mask(baseline, pd.Series(values, index=rows.index, dtype=float)))


def _rows(
    doublings: Sequence[Mapping[str, Any]],
    outcomes: Mapping[str, Outcome],
    metric: PrimaryMetric,
    *,
    lenient: bool,
) -> list[dict[str, Any]]:
    scores = [[_score(outcomes.get(one[end]), metric) for end in ("job", "doubled")] for one in doublings]
    differences = [
        Difference(one["arm"], one["labels"], after - before)
        for one, (before, after) in zip(doublings, scores, strict=True)
    ]
    tolerance = doublings[0]["tolerance"]
    return [_where(doublings, one.arm) | _row(one, tolerance, lenient) for one in changes(differences, tolerance)]


def _where(doublings: Sequence[Mapping[str, Any]], arm: str) -> dict[str, Any]:
    """Labels and steps at which an arm, or ``TOGETHER``, was looked at: arms that are told their steps may have others
    than those that find them."""
    own = [one for one in doublings if arm in (one["arm"], TOGETHER)]
    labels, steps = (sorted({one[name] for one in own}) for name in ("labels", "steps"))
    return {"labels": listed(labels), "probed": len(labels), "steps": listed(steps)}


def _row(change: Change, tolerance: float, lenient: bool) -> dict[str, Any]:
    limit = tolerance + np.nan_to_num(change.error) if lenient else change.limit
    told = {"arm": change.arm, "change": change.mean, "error": change.error}
    return told | {"limit": limit, "settled": change.mean < limit}


def listed(words: Sequence[object]) -> str:
    """``10``, or ``10 and 20``, or ``10, 20 and 100``."""
    *first, last = map(str, words)
    return f"{', '.join(first)} and {last}" if first else last


def _score(outcome: Outcome | None, metric: PrimaryMetric) -> float:
    records = outcome.found["records"] if outcome and outcome.found else ()
    return validation_score(records, metric.name, metric.higher_is_better)
