"""A live view of a running study: one bar over all work, and what is being done now."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

from headstart.execution import Expect, Listener
from headstart.study.jobs.base import Job
from headstart.study.running.launchers import Event

__all__ = ["watch_images", "watch_jobs"]


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[now]}", style="dim"),
        console=console,
    )


class _Tally:
    """What has become of ``total`` jobs so far. One that failed is passed, too."""

    def __init__(self) -> None:
        self.steps = 0
        self._expected: dict[str, int] = {}
        self._done: dict[str, int] = {}
        self._sets: dict[str, set[str]] = {"finished": set(), "failed": set(), "retried": set()}

    def expect(self, jobs: Sequence[Job]) -> None:
        """These are to be done as well, if they were not expected already."""
        self._expected |= {job.key: job.cost for job in jobs}

    @property
    def total(self) -> int:
        """Image-steps of all jobs that are expected."""
        return sum(self._expected.values())

    def hear(self, event: Event) -> None:
        key = event.job.key
        done = event.total if event.what in ("finished", "failed") else event.done
        self.steps += done - self._done.get(key, 0)
        self._done[key] = done
        self._sets.get(event.what, set()).add(key)

    def __str__(self) -> str:
        finished, failed, retried = (len(keys) for keys in self._sets.values())
        counts = [(failed, "failed"), (retried, "retried")]
        return " · ".join(
            [f"{finished + failed}/{len(self._expected)} jobs", *(f"{count} {what}" for count, what in counts if count)]
        )


@contextmanager
def watch_jobs(console: Console) -> Iterator[tuple[Listener, Expect]]:
    """What a study tells of events, and of jobs that come next; the bar counts image-steps."""
    tally = _Tally()
    with _progress(console) as progress:
        bar = progress.add_task("study", total=None, now="starting workers")

        def expect(jobs: Sequence[Job]) -> None:
            tally.expect(jobs)
            progress.update(bar, total=tally.total)

        def listen(event: Event) -> None:
            tally.hear(event)
            progress.update(bar, completed=tally.steps, now=f"{tally} · {event.job.title}")

        yield listen, expect


@contextmanager
def watch_images(what: str, console: Console) -> Iterator[Callable[[int, int], None]]:
    """A listener called with (done, total) images."""
    with _progress(console) as progress:
        bar = progress.add_task(what, total=None, now="")

        def listen(done: int, total: int) -> None:
            progress.update(bar, completed=done, total=total, now=f"{done}/{total} images")

        yield listen
