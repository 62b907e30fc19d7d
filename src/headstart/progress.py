"""A live view of a running study: one bar over all work, or a line now and then where nobody watches a terminal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import ProgressColumn, Task
from rich.text import Text

from headstart.live import LINE_SECONDS, lines, live_bar, shows_bar, watching_console
from headstart.tally import Tally, seconds_left

if TYPE_CHECKING:
    from headstart.execution import Expect, Listener, StudyRun
    from headstart.study.jobs.base import Job
    from headstart.study.running.launchers import Event
    from headstart.study.running.overrun import Overrun

__all__ = [
    "describe_overrun",
    "duration",
    "execute_watched",
    "watch_count",
    "watch_images",
    "watch_jobs",
    "when",
]


def duration(seconds: float) -> str:
    """About how long, in words, as exactly as an estimate is.

    >>> [duration(seconds) for seconds in (4, 40, 200, 4000, 100_000)]
    ['5 s', '40 s', '3 min', '1 h 10 min', '1 day 4 h']
    """
    if seconds < 55:
        return f"{max(5, 5 * round(seconds / 5))} s"
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(10 * round(seconds / 600), 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days} day{'s' * (days > 1)}" + (f" {hours} h" if hours else "")


def describe_overrun(overrun: "Overrun") -> str:
    """What takes longer than it is meant to, and what would fit, in a sentence.

    >>> from headstart.study.running.overrun import Overrun
    >>> describe_overrun(Overrun(360, 900, 2, 350))
    'this study is meant to take 6 min and takes about 15 min here: with trials=2 it would take about 6 min'
    """
    meant, needed, trials, taken = overrun
    told = f"this study is meant to take {duration(meant)} and takes about {duration(needed)} here"
    if trials is None:
        return f"{told}: it has no trials to spare, so lower its steps or budgets"
    with_trials = f"with trials={trials} it would {'take' if taken <= meant else 'still take'} about {duration(taken)}"
    return f"{told}: {with_trials}"


def when(seconds: float) -> str:
    """The time of day so many seconds from now, with the date where it is not today's."""
    now = datetime.now().astimezone()
    then = now + timedelta(seconds=seconds)
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%H:%M on %Y-%m-%d}"


class _Left(ProgressColumn):
    """Time left, as ``seconds_left`` tells it, and in the end what it took."""

    max_refresh = 0.5

    def __init__(self, tally: Tally, expected_seconds: float | None) -> None:
        super().__init__()
        self._tally, self._expected = tally, expected_seconds

    def render(self, task: Task) -> Text:
        share, elapsed = self._tally.share, task.elapsed or 0.0
        if share == 1:
            return Text(f"took {duration(elapsed)}", style="progress.elapsed")
        left = seconds_left(share, self._expected, elapsed, self._tally.brought)
        return Text("?" if left is None else f"{duration(left)} left", style="progress.remaining")


@contextmanager
def watch_jobs(
    console: Console, expected_seconds: float | None = None, every: float = LINE_SECONDS
) -> "Iterator[tuple[Listener, Expect]]":
    """What a study tells of events, and of jobs that come next; the bar counts what they take.

    Where there is no place for a bar there is a line instead, each ``every`` seconds. expected_seconds: how long the
    work was thought to take, which tells what is left of it until its pace does.
    """
    tally = Tally()

    def line(elapsed: float) -> str:
        with tally.lock:
            return _line(tally, expected_seconds, elapsed)

    view = _bar(console, tally, expected_seconds) if shows_bar(console) else lines(console, line, every)
    with view as changed:

        def expect(jobs: "Sequence[Job]", seconds: Mapping[str, float]) -> None:
            with tally.lock:
                tally.expect(jobs, seconds)
            changed("starting workers" if jobs else "all is done already")

        def listen(event: "Event") -> None:
            with tally.lock:
                tally.hear(event)
            changed(f"{tally} · {event.job.title}")

        yield listen, expect


@contextmanager
def _bar(console: Console, tally: Tally, expected_seconds: float | None) -> Iterator[Callable[[str], None]]:
    with live_bar(console, _Left(tally, expected_seconds)) as progress:
        bar = progress.add_task("study", total=None, now="")
        yield lambda now: progress.update(bar, total=1.0, completed=tally.share, now=now)


def _line(tally: Tally, expected_seconds: float | None, elapsed: float) -> str:
    left = seconds_left(tally.share, expected_seconds, elapsed, tally.brought)
    then = f"about {duration(left)} left, until {when(left)}" if left is not None else "no telling how much is left"
    steps = f"{tally.steps:,} of {tally.total:,} image-steps"
    done = f"{tally.share:.0%} done"  # of the time, as steps take different times
    return f"{datetime.now().astimezone():%H:%M:%S} {done}: {tally}, {steps} · {then} · now: {tally.running}"


def execute_watched(run: "StudyRun", progress: bool | None = None, listen: "Listener | None" = None) -> None:
    """Execute ``run`` and show how far it is, or not, as ``watching_console`` says. listen: hears of every event."""
    console = watching_console(progress)
    if console is None:
        run.execute(listen)
        return
    with watch_jobs(console, run.expected_seconds()) as (show, expect):

        def hear(event: "Event") -> None:
            show(event)
            if listen:
                listen(event)

        run.execute(hear, expect)


@contextmanager
def watch_count(
    what: str, unit: str, console: Console, every: float = LINE_SECONDS
) -> Iterator[Callable[[int, int], None]]:
    """A listener called with (done, total) of ``unit``; where there is no place for a bar, a line each ``every``
    seconds."""
    if not shows_bar(console):
        with _counted_lines(what, unit, console, every) as count:
            yield count
        return
    with live_bar(console) as progress:
        bar = progress.add_task(what, total=None, now="")

        def listen(done: int, total: int) -> None:
            progress.update(bar, completed=done, total=total, now=f"{done}/{total} {unit}")

        yield listen


@contextmanager
def _counted_lines(what: str, unit: str, console: Console, every: float) -> Iterator[Callable[[int, int], None]]:
    came = (0, 0)

    def line(elapsed: float) -> str:
        done, total = came
        left = seconds_left(done / total if total else 0.0, None, elapsed)
        then = f"about {duration(left)} left" if left is not None else "no telling how much is left"
        return f"{datetime.now().astimezone():%H:%M:%S} {what}: {done}/{total} {unit} · {then}"

    def count(done: int, total: int) -> None:
        nonlocal came
        came = done, total

    with lines(console, line, every):
        yield count


def watch_images(what: str, console: Console) -> AbstractContextManager[Callable[[int, int], None]]:
    """A listener called with (done, total) images."""
    return watch_count(what, "images", console)
