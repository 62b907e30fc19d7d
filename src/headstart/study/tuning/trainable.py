"""What a process of Ray's does for a trial: the jobs of its settings, in the store, draw after draw."""

from collections.abc import Mapping
from typing import Any

from headstart.errors import HeadstartError
from headstart.schema import validate
from headstart.study.config.study import StudyConfig
from headstart.study.jobs.base import Job
from headstart.study.running.launchers.ray.errand import Errand
from headstart.study.running.launchers.worker import use_threads
from headstart.study.tuning.evaluation import Rung, read_score
from headstart.study.tuning.search import Search, evaluation

__all__ = ["evaluate", "work_of"]


def work_of(search: Search, steps: Mapping[int, int], errand: Errand) -> dict[str, Any]:
    """What every trial is given."""
    return {"search": search.model_dump(mode="json"), "steps": dict(steps), "errand": errand}


def evaluate(config: Mapping[str, Any], *, work: Mapping[str, Any]) -> None:
    """A trial of Ray Tune. config: ``arm`` and ``values``. It reports a ``Rung`` after each draw."""
    from ray import tune

    store = work["errand"].open("a machine of the cluster")
    search = validate(Search, work["search"], "search")
    study = validate(StudyConfig, search.study, "study")
    judge = evaluation(search, study, config["arm"], work["steps"])

    def do(job: Job) -> None:
        if store.found(job, job.told_in) is None:  # or damaged, and removed to be made again
            use_threads(job)
            store.run(job)

    try:
        for rung in judge.climb(config["values"], do, lambda job: read_score(store, job)):
            tune.report(rung._asdict())
    except HeadstartError as error:
        store.check_writable()  # a full disk is not the fault of these settings
        tune.report(Rung(1, float("nan"), 0, 0, str(error))._asdict())
