"""Settings proposed by Optuna's tree-structured Parzen estimator, by way of Ray Tune's searcher for it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headstart.space import Space, Value
from headstart.study.tuning.evaluation import Values
from headstart.study.tuning.knobs import Knobs

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

__all__ = ["OptunaSampler", "distributions"]

STARTUP = 6
"""Trials of an arm before what is proposed follows from how they did; a fixed number, so that a search of more trials
begins like one of fewer."""
DIGITS = 3
"""Significant digits of a proposed number: more are never known, and these can be read."""


class OptunaSampler:
    """Of one arm. seed: the same one proposes the same, as long as it is told the same."""

    def __init__(self, knobs: Knobs, seed: int) -> None:
        import optuna
        from ray.tune.search.optuna import OptunaSearch

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._spaces = {path: knob.space for path, knob in knobs.items()}
        sampler = optuna.samplers.TPESampler(seed=seed % 2**32, n_startup_trials=STARTUP)
        self._searcher: Any = OptunaSearch(distributions(self._spaces), metric="gain", mode="max", sampler=sampler)
        self._asked: dict[str, Values] = {}

    def ask(self) -> Values:
        name = str(len(self._asked))
        proposed = self._searcher.suggest(name)
        self._asked[name] = {path: _readable(space, proposed[path]) for path, space in self._spaces.items()}
        return self._asked[name]

    def tell(self, values: Values, gain: float) -> None:
        """Of what it proposed, or of other settings that were tried."""
        name = next((name for name, asked in self._asked.items() if asked == values), None)
        if name is None:
            self._searcher.add_evaluated_point(dict(values), gain)
        else:
            self._searcher.on_trial_complete(name, {"gain": gain})


def distributions(spaces: Mapping[str, Space]) -> "dict[str, BaseDistribution]":
    """The spaces as Optuna has them."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    def of(space: Space) -> "BaseDistribution":
        if space.kind == "choice":
            return CategoricalDistribution(space.values)
        low, high = (float(end) for end in space.values)
        if space.whole:
            return IntDistribution(int(low), int(high), log=space.kind == "log")
        return FloatDistribution(low, high, log=space.kind == "log")

    return {path: of(space) for path, space in spaces.items()}


def _readable(space: Space, value: Any) -> Value:
    if not isinstance(value, float) or space.kind == "choice":
        found: Value = value
        return found
    low, high = (float(end) for end in space.values)
    return min(max(float(f"{value:.{DIGITS}g}"), low), high)
