"""A live view of a search: one bar over the label draws of all trials, or a line now and then."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console

from headstart.live import LINE_SECONDS, lines, live_bar, shows_bar
from headstart.progress import duration
from headstart.tally import seconds_left

if TYPE_CHECKING:
    from headstart.study.tuning.trials import Trial

__all__ = ["watch_trials"]


@contextmanager
def watch_trials(
    console: Console,
    trials: int,
    draws: int,
    expected_seconds: float | None = None,
    every: float = LINE_SECONDS,
    *,
    sign: int = 1,
) -> "Iterator[Callable[[Trial], None]]":
    """What a search tells of its trials; the bar counts draws, of which a trial that ends early leaves some out.

    trials: of all arms together. draws: of labels, at most, in each. sign: of the metric that scores are of.
    """
    counts = _Trials(trials, draws, sign)

    def line(elapsed: float) -> str:
        share = counts.share
        left = seconds_left(share, expected_seconds, elapsed)
        then = f"at most {duration(left)} left" if left is not None else "no telling how much is left"
        return f"{datetime.now().astimezone():%H:%M:%S} {counts} ({share:.0%}) · {then}"

    if not shows_bar(console):
        with lines(console, line, every):
            yield counts.hear
        return
    with live_bar(console) as progress:
        bar = progress.add_task("search", total=trials * draws, now="starting Ray")

        def hear(trial: "Trial") -> None:
            counts.hear(trial)
            progress.update(bar, completed=counts.share * trials * draws, now=str(counts))

        yield hear


class _Trials:
    """How far each of so many trials has come, and the best of each arm."""

    def __init__(self, trials: int, draws: int, sign: int) -> None:
        self._trials, self._draws, self._sign = trials, draws, sign
        self._came: dict[tuple[str, int], int] = {}
        self._ended: dict[str, int] = {}
        self._best: dict[str, float] = {}

    def hear(self, trial: "Trial") -> None:
        over = trial.status != "running"
        self._came[trial.arm, trial.number] = self._draws if over else len(trial.scores)
        self._ended[trial.arm] = self._ended.get(trial.arm, 0) + over
        if trial.status == "finished":
            self._best[trial.arm] = max(trial.score, self._best.get(trial.arm, trial.score))

    @property
    def share(self) -> float:
        """Of all draws, those that are done or left out."""
        return sum(self._came.values()) / (self._trials * self._draws)

    def __str__(self) -> str:
        best = ", ".join(f"{arm} {self._sign * score:.4f}" for arm, score in self._best.items())
        return f"{sum(self._ended.values())}/{self._trials} trials · best so far: {best or 'none yet'}"
