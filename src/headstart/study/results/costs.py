"""What a study took to compute, arm by arm."""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from headstart.study.results.run_folder import Outcome, RunFolder

__all__ = ["Costs", "collect_costs", "collect_timings"]

HOUR = 3600.0


class Costs(NamedTuple):
    """Seconds of the machine that did the work, and of how many jobs.

    pretraining: a row per ``arm``. trials: a row per ``task, arm, protocol``: runs from labels, all budgets together.
    Both with ``seconds`` and ``count``.
    """

    pretraining: pd.DataFrame
    trials: pd.DataFrame

    @property
    def hours(self) -> dict[str, float]:
        """Of all pretrainings of an arm, by its name."""
        return dict(zip(self.pretraining["arm"], self.pretraining["seconds"] / HOUR, strict=True))


def collect_costs(run: RunFolder, outcomes: Mapping[str, Outcome], results: pd.DataFrame) -> Costs:
    """Of what is finished, whenever and for whichever study it was done."""
    taken = {key: outcome.seconds for key, outcome in outcomes.items() if outcome.done}
    networks = run.pretrainings[["arm", "job"]].drop_duplicates()
    networks = networks.assign(seconds=networks["job"].map(taken)).dropna(subset="seconds")
    trials = results[["task", "arm", "protocol", "job", "seconds"]].drop_duplicates()
    return Costs(_summed(networks, ["arm"]), _summed(trials[trials["job"].isin(taken)], ["task", "arm", "protocol"]))


def collect_timings(run: RunFolder, outcomes: Mapping[str, Outcome]) -> pd.DataFrame:
    """Finished jobs and seconds of work per kind, whenever and for whichever study they were done."""
    done = {key: outcome.seconds for key, outcome in outcomes.items() if outcome.done}
    jobs = run.jobs[run.jobs["job"].isin(done)]
    rows = jobs.assign(count=1, seconds=jobs["job"].map(done))[["kind", "count", "seconds"]]
    return rows.groupby("kind", sort=False).sum().reset_index()


def _summed(jobs: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return jobs.groupby(names, sort=False)["seconds"].agg(seconds="sum", count="count").reset_index()
