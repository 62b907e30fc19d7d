"""What the tables of a run share: what varies, what each task is judged by, and how intervals are made."""

from typing import TYPE_CHECKING

from headstart.schema import Schema
from headstart.study.config.numbers import AdaptiveConfig, UtilityConfig
from headstart.study.results.metrics import PrimaryMetric, primary_metrics

if TYPE_CHECKING:
    from headstart.study.running.plan import Plan

__all__ = ["RunInfo", "info_of"]


class RunInfo(Schema):
    """What all tables of a run share. varied: the keys that its studies differ in. datasets: by the key of its job,
    what tables call each dataset that is learned from labels. metrics: what each task is judged by, and which way is
    up. seed: of interval draws. adaptive: how trials are added, if they are. open: whether runs are still to be
    planned."""

    name: str
    title: str
    varied: tuple[str, ...]
    datasets: dict[str, str]
    metrics: dict[str, PrimaryMetric]
    budgets: tuple[int, ...]
    utility: UtilityConfig
    adaptive: AdaptiveConfig | None = None
    seed: int
    open: bool


def info_of(plan: "Plan") -> RunInfo:
    """What the tables of a planned run share."""
    config = plan.suite.first
    tasks = dict.fromkeys(task for variant in plan.suite.variants for task in variant.config.tasks)
    budgets = sorted({labels for variant in plan.suite.variants for labels in variant.config.budgets})
    return RunInfo(
        name=plan.suite.name,
        title=plan.suite.title,
        varied=plan.suite.varied,
        datasets={job.key: plan.labels[job.key] for job in plan.datasets},
        metrics=primary_metrics(tasks),
        budgets=tuple(budgets),
        utility=config.utility,
        adaptive=config.adaptive if config.trials == "auto" else None,
        seed=config.seed,
        open=plan.open,
    )
