"""What to do next: labels to reach a target, what a start saves in labels and money, and where it stops paying."""

from pathlib import Path

from headstart.api import Study
from headstart.errors import ConfigError
from headstart.outlook import Advice, Outlook
from headstart.study.results.costs import collect_costs
from headstart.study.results.outlooks import outlooks
from headstart.utility.forecast import FARTHEST

__all__ = ["Advice", "Outlook", "advise"]


def advise(run: Path | str, *, labels: int | None = None, target: float | None = None) -> Advice:
    """Learning curves of a study, continued: what to expect of each start.

    labels: what there are or will be; default: the largest budget. target: a score to reach, in the metric's own unit,
    0.9 for 90 %. Raises ``ConfigError`` for numbers that make no sense.

    >>> advise("runs/quickstart", target=0.9).outlooks[0].reach  # doctest: +SKIP
    Reach(labels=58.0, low=50.0, high=73.0)
    """
    study = Study.load(run)
    info, results = study.run.info, study.results
    if info.varied:
        raise ConfigError(f"{study.folder} varies {', '.join(info.varied)}: ask a study of one of its values")
    most = max(info.budgets)
    labels = most if labels is None else labels
    if not min(info.budgets) <= labels <= FARTHEST * most:
        raise ConfigError(
            f"--labels {labels} lies beyond what can be told: give {min(info.budgets)} to {FARTHEST * most:.0f}, ten "
            "times the largest budget"
        )
    _check_target(study, target)
    targets = {} if target is None else dict.fromkeys(info.metrics, target)
    hours = collect_costs(study.run, study.run.outcomes(), results).hours
    found = tuple(outlooks(results, study.utility, info.metrics, info.seed, labels, targets, hours))
    names = {task: metric.name for task, metric in info.metrics.items()}
    return Advice(found, labels, target, names, study.tables.training)


def _check_target(study: Study, target: float | None) -> None:
    info = study.run.info
    if target is None:
        return
    if len(info.metrics) > 1:
        raise ConfigError("--target is a score of one task, and this study has several: leave it out")
    (metric,) = info.metrics.values()
    if metric.higher_is_better and not 0 < target < 1:
        raise ConfigError(f"--target {target} is no share: give {metric.name} between 0 and 1, such as 0.9")
    if target <= 0:
        raise ConfigError(f"--target {target} cannot be reached: give {metric.name} above 0")
