"""What a candidate takes on this machine, from what is in the store to its report."""

from headstart.study.config.checks import check_study
from headstart.study.config.study import StudyConfig
from headstart.study.config.suite import Suite, as_suite
from headstart.study.jobs.trial import TrialJob
from headstart.study.running.estimate import seconds_left, side_by_side, wall_seconds
from headstart.study.running.launchers import Launcher, LocalLauncher
from headstart.study.running.plan import make_plan
from headstart.study.running.store import Store

__all__ = ["SHARE", "seconds_needed", "seconds_of_work"]

SHARE = 0.9
"""Of the time, what a study may be thought to take: an estimate is none to the second."""
REPORT_SECONDS = 10.0
"""Tables, intervals, charts and page."""


def seconds_needed(config: StudyConfig, store: Store, workers: int | None = None) -> float:
    """Until the report is there. Raises ``ConfigError`` for a study that cannot work."""
    check_study(config, networks=False)
    return REPORT_SECONDS + seconds_of_work(as_suite(config).settled(), store, LocalLauncher(store, workers))


def seconds_of_work(suite: Suite, store: Store, launcher: Launcher) -> float:
    """Of a settled study: what ``store`` holds takes no time, and steps that are to be found are as many as they may
    be."""
    plan = make_plan(suite, _ever_better)
    needed = seconds_left(plan, store.states(plan.jobs))
    return wall_seconds(plan, needed, side_by_side(plan, launcher))


def _ever_better(job: TrialJob) -> float:
    """Where more steps always help, all that are allowed are taken."""
    return float(job.steps)
