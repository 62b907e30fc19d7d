"""Who is tried next: every arm has a sampler of its own, and in each round every arm has one trial.

What an arm tries depends on nothing but its own earlier trials, all of which have ended by then. So however many
arms are at work at once, and whichever is quicker, the same search tries the same settings and chooses the same.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from headstart.space import Value
from headstart.study.tuning.evaluation import Rung, Values
from headstart.study.tuning.knobs import Knobs
from headstart.study.tuning.trials import Status, Trial

__all__ = ["Lane", "Rounds", "Sampler", "first_settings"]

Heard = Callable[[Trial], None]


class Sampler(Protocol):
    """Proposes settings, and learns how much better than the default settings did."""

    def ask(self) -> Values: ...

    def tell(self, values: Values, gain: float) -> None: ...


class Lane:
    """One arm's trials, one after another.

    first: settings that are tried before any that ``sampler`` proposes, the default first. cost: image-steps of
    fine-tuning that settings take; ``cap``: of all the arm's trials together.
    """

    def __init__(
        self, arm: str, sampler: Sampler, first: Sequence[Values], cost: Callable[[Values], int], cap: int
    ) -> None:
        self.arm, self.sampler, self.first, self.cost, self.cap = arm, sampler, first, cost, cap
        self.trials: list[Trial] = []
        self.full = False
        self._gains: list[float] = []

    @property
    def busy(self) -> bool:
        """Whether a trial is under way."""
        return bool(self.trials) and self.trials[-1].status == "running"

    @property
    def spent(self) -> int:
        """Image-steps of fine-tuning so far."""
        return sum(trial.image_steps for trial in self.trials)

    def begin(self) -> Trial | None:
        """The next trial, or ``None`` where it might take more than is left of the cap; then the arm has its share."""
        number = len(self.trials)
        values = self.first[number] if number < len(self.first) else self.sampler.ask()
        if self.spent + self.cost(values) > self.cap:
            self.full = True
            return None
        trial = Trial(self.arm, number, dict(values))
        self.trials.append(trial)
        return trial

    def end(self, trial: Trial) -> None:
        """The sampler learns of it."""
        self._gains.append(self._gain(trial))
        self.sampler.tell(trial.values, self._gains[-1])

    def _gain(self, trial: Trial) -> float:
        """Over the default after as many draws, for one draw is harder than another; of a failure the worst so far."""
        if trial.status == "failed":
            return min(self._gains, default=0.0)
        default = self.trials[0].scores[: len(trial.scores)]
        return trial.score - default[-1] if len(default) == len(trial.scores) else trial.score


class Rounds:
    """The trials of all arms. Nothing is begun once ``trials`` rounds are over, or the time for another is not there.

    heard: is called with each trial when it has got further.
    """

    def __init__(self, lanes: Sequence[Lane], trials: int, seconds: float | None, heard: Heard) -> None:
        self.lanes = {lane.arm: lane for lane in lanes}
        self.rounds, self.seconds, self.heard = trials, seconds, heard
        self.begun: list[float] = []
        self._start = time.monotonic()

    @property
    def trials(self) -> list[Trial]:
        """All of them, arm by arm."""
        return [trial for lane in self.lanes.values() for trial in lane.trials]

    @property
    def over(self) -> bool:
        """Whether nothing will be begun any more."""
        return not any(lane.busy or self._open(lane) for lane in self.lanes.values())

    def begin(self) -> Trial | None:
        """The next trial of the arm that had fewest and is idle, or ``None`` while there is none."""
        for lane in sorted(self._idle(), key=lambda lane: len(lane.trials)):
            if (trial := lane.begin()) is not None:
                return trial
        return None

    def reach(self, trial: Trial, rung: Rung) -> None:
        """A trial has come so far."""
        del trial.scores[rung.draws - 1 :]  # of an attempt that died
        if not rung.reason:
            trial.scores.append(rung.score)
        trial.image_steps, trial.pretraining, trial.reason = rung.image_steps, rung.pretraining, rung.reason
        self.heard(trial)

    def end(self, trial: Trial, draws: int, reason: str = "") -> None:
        """A trial is over: after all ``draws``, stopped before that, or failed."""
        trial.reason = trial.reason or reason
        complete: Status = "finished" if len(trial.scores) == draws else "stopped"
        trial.status = "failed" if trial.reason else complete
        self.lanes[trial.arm].end(trial)
        self.heard(trial)

    def _idle(self) -> Iterator[Lane]:
        yield from (lane for lane in self.lanes.values() if not lane.busy and self._open(lane))

    def _open(self, lane: Lane) -> bool:
        """Whether the arm will have another trial: in a round that has begun, or that may begin now."""
        number = len(lane.trials)
        if lane.full or number >= self.rounds:
            return False
        if number == len(self.begun) and self._time_for_another():
            self.begun.append(time.monotonic() - self._start)
        return number < len(self.begun)

    def _time_for_another(self) -> bool:
        """Whether a round as long as the longest so far ends in time; the first, of defaults, always does."""
        if self.seconds is None or not self.begun:
            return True
        elapsed = time.monotonic() - self._start
        longest = max(after - before for before, after in zip(self.begun, [*self.begun[1:], elapsed], strict=True))
        return elapsed + longest <= self.seconds


def first_settings(knobs: Knobs, given: Sequence[Mapping[str, Value]]) -> list[Values]:
    """The default, then what an earlier search tried, each once."""
    default = {path: knob.default for path, knob in knobs.items()}
    settings: list[Values] = [default]
    settings += [values for values in given if dict(values) != default]
    return settings
