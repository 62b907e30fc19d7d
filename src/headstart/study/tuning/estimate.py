"""How long a search will take on this machine."""

from collections.abc import Collection
from math import nan

from headstart.study.running.estimate import seconds_left
from headstart.study.running.plan import Plan
from headstart.study.tuning.search import Search

__all__ = ["search_seconds"]


def search_seconds(search: Search, plan: Plan, arms: Collection[str], workers: int) -> float:
    """If nothing is stopped early and nothing is done already, pretraining aside; NaN before steps are known.

    plan: of the study, whose own runs are timed as they are. arms: that are searched, as many at once as ``workers``.
    """
    seconds = seconds_left(plan, {job.key: "absent" for job in plan.jobs})
    runs = [
        seconds[point.job.key]
        for point in plan.points
        if (point.protocol, point.job.task) == (search.protocol, search.task)
        and point.job.labels in search.budgets
        and point.arm in arms
    ]
    if not runs:
        return nan
    each = sum(runs) / len(runs) * len(search.budgets) * search.draws
    spent = each * search.trials * len(arms) / min(len(arms), workers)
    return min(spent, search.seconds or spent)
