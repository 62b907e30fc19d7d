"""What Ray Tune asks of a search: which trial is next (``ArmSearcher``), and whether one goes on (``ArmScheduler``)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ray.tune.schedulers import AsyncHyperBandScheduler, FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from headstart.study.tuning.evaluation import Rung
from headstart.study.tuning.rounds import Rounds
from headstart.study.tuning.trials import Trial

if TYPE_CHECKING:
    from ray.tune.execution.tune_controller import TuneController
    from ray.tune.experiment import Trial as RayTrial

__all__ = ["REDUCTION", "ArmScheduler", "ArmSearcher"]

REDUCTION = 2
"""After 1, 2, 4, … draws a trial goes on if it is in the better half of those of its arm that came so far."""


class ArmSearcher(Searcher):  # type: ignore[misc]
    """Hands out what ``rounds`` begins, and tells them what comes of it."""

    def __init__(self, rounds: Rounds, draws: int) -> None:
        super().__init__(metric="score", mode="max")
        self._rounds, self._draws = rounds, draws
        self._trials: dict[str, Trial] = {}

    def suggest(self, trial_id: str) -> Any:
        trial = self._rounds.begin()
        if trial is None:
            return Searcher.FINISHED if self._rounds.over else None
        self._trials[trial_id] = trial
        return {"arm": trial.arm, "values": dict(trial.values)}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        self._rounds.reach(self._trials[trial_id], _rung(result))

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        if result:  # what ends a trial is told here alone
            self._rounds.reach(self._trials[trial_id], _rung(result))
        self._rounds.end(self._trials[trial_id], self._draws, "its process died, twice" if error else "")

    def save(self, checkpoint_path: str) -> None:
        """Nothing: a search is begun again from the store, where all that it did is done."""
        Path(checkpoint_path).touch()

    def restore(self, checkpoint_path: str) -> None:
        raise NotImplementedError("a search goes on from the store")


class ArmScheduler(FIFOScheduler):  # type: ignore[misc]
    """Asynchronous successive halving among the trials of each arm, an arm for itself; its resource is label draws."""

    def __init__(self, arms: Sequence[str], draws: int) -> None:
        super().__init__()
        options = {"time_attr": "draws", "metric": "score", "mode": "max", "reduction_factor": REDUCTION}
        self._halving = {arm: AsyncHyperBandScheduler(max_t=draws, grace_period=1, **options) for arm in arms}

    def on_trial_add(self, tune_controller: "TuneController", trial: "RayTrial") -> None:
        self._of(trial).on_trial_add(tune_controller, trial)

    def on_trial_result(self, tune_controller: "TuneController", trial: "RayTrial", result: dict[str, Any]) -> str:
        if result["reason"]:
            return str(TrialScheduler.STOP)
        return str(self._of(trial).on_trial_result(tune_controller, trial, result))

    def on_trial_complete(self, tune_controller: "TuneController", trial: "RayTrial", result: dict[str, Any]) -> None:
        """What it came to was heard of before."""
        del result
        self._of(trial).on_trial_remove(tune_controller, trial)

    def on_trial_remove(self, tune_controller: "TuneController", trial: "RayTrial") -> None:
        self._of(trial).on_trial_remove(tune_controller, trial)

    def _of(self, trial: "RayTrial") -> AsyncHyperBandScheduler:
        return self._halving[trial.config["arm"]]


def _rung(result: dict[str, Any]) -> Rung:
    return Rung(**{name: result[name] for name in Rung._fields})
