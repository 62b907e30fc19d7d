"""A live view of a running study: one bar over all work, and what is being done now."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

from headstart.study.jobs.base import Job
from headstart.study.running.launchers import Event
from headstart.study.running.launchers.base import Listener

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


@contextmanager
def watch_jobs(jobs: list[Job], console: Console) -> Iterator[Listener]:
    """A listener for a launcher that is to run ``jobs``; the bar counts image-steps."""
    total = sum(job.cost for job in jobs)
    done: dict[str, int] = {}
    with _progress(console) as progress:
        bar = progress.add_task("study", total=total, now="starting workers")

        def listen(event: Event) -> None:
            done[event.job.key] = event.done
            finished = sum(1 for job in jobs if done.get(job.key, -1) >= job.cost)
            now = f"{finished}/{len(jobs)} jobs · {event.job.title}"
            progress.update(bar, completed=sum(done.values()), now=now)

        yield listen


@contextmanager
def watch_images(what: str, console: Console) -> Iterator[Callable[[int, int], None]]:
    """A listener called with (done, total) images."""
    with _progress(console) as progress:
        bar = progress.add_task(what, total=None, now="")

        def listen(done: int, total: int) -> None:
            progress.update(bar, completed=done, total=total, now=f"{done}/{total} images")

        yield listen
