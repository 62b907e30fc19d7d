"""Where somebody looks, a bar that moves: at a terminal, and in a notebook; elsewhere a line now and then."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

__all__ = ["LINE_SECONDS", "lines", "live_bar", "shows_bar", "watching_console"]

LINE_SECONDS, NOTEBOOK_SECONDS = 30.0, 0.5
ROOM_FOR_BAR = 80
"""Columns of a terminal."""


def watching_console(progress: bool | None) -> Console | None:
    """Where to show how far it is, or ``None`` where it is not to be shown. progress: whether it is; ``None``: if
    somebody types Python here, in a notebook, in IPython, or at Python's own prompt."""
    shown = hasattr(sys, "ps1") if progress is None else progress
    return Console(markup=False, highlight=False, emoji=False) if shown else None


def shows_bar(console: Console) -> bool:
    """Whether what was shown can be shown anew in its place."""
    return console.is_terminal or console.is_jupyter


@contextmanager
def live_bar(console: Console, left: ProgressColumn | None = None) -> Iterator[Progress]:
    """A bar with the share, the time left, and what is done now (the field ``now``); a narrow terminal has no room for
    the bar itself. left: says the time in place of the bar's own pace."""
    bar = [BarColumn()] if console.width >= ROOM_FOR_BAR else []
    progress = Progress(
        SpinnerColumn("line" if console.options.ascii_only else "dots"),
        TextColumn("{task.description}", style="bold", markup=False),
        *bar,
        TaskProgressColumn(),
        left or TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[now]}", style="dim", markup=False),
        console=console,
    )
    with _in_notebook(progress) if console.is_jupyter else progress:
        yield progress


@contextmanager
def _in_notebook(progress: Progress) -> Iterator[None]:
    """One output, which is replaced, and so is all that a notebook keeps; rich's own way takes widgets there."""
    from IPython.display import display

    shown = display(progress, display_id=True)
    try:
        with _repeated(lambda _: shown.update(progress), NOTEBOOK_SECONDS):
            yield
    finally:
        shown.update(progress)


@contextmanager
def lines(console: Console, line: Callable[[float], str], every: float) -> Iterator[Callable[[str], None]]:
    """A line now and then says how far it is, so that a job of hours is no silence. line: after so many seconds."""
    with _repeated(lambda elapsed: console.print(line(elapsed), soft_wrap=True), every):
        yield lambda _: None


@contextmanager
def _repeated(act: Callable[[float], None], every: float) -> Iterator[None]:
    """``act`` each ``every`` seconds, with those that passed, in a thread of its own."""
    over, started = threading.Event(), time.monotonic()

    def repeat() -> None:
        while not over.wait(every):
            act(time.monotonic() - started)

    thread = threading.Thread(target=repeat, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
