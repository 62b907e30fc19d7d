"""The line that a person watches."""

import io
import time

import pytest
from rich.console import Console

from headstart.progress import duration, execute_watched, watch_count, watch_images, watch_jobs, when
from headstart.study.jobs.base import Job
from headstart.study.running.launchers import Event
from headstart.tally import Tally, seconds_left


class Toy(Job):
    kind, version, cost, title = "toy", 1, 10, "a toy"

    def __init__(self, number):
        object.__setattr__(self, "number", number)

    def identity(self):
        return {"number": self.number}

    def run(self, context):
        raise AssertionError("nobody runs it")


def test_failed_jobs_are_passed_and_retried_ones_are_told():
    jobs, screen = [Toy(number) for number in range(3)], io.StringIO()
    console = Console(file=screen, force_terminal=True, width=200)
    with watch_jobs(console) as (listen, expect):
        expect(jobs, {})
        listen(Event("finished", jobs[0], 10, 10))
        listen(Event("progress", jobs[1], 5, 10))
        listen(Event("retried", jobs[1], 0, 10, "it stumbled"))
        listen(Event("failed", jobs[1], 0, 10, "it stumbled again"))
    said = screen.getvalue()
    assert "2/3 jobs · 1 failed · 1 retried · a toy" in said
    assert "67%" in said


def test_without_a_terminal_a_line_now_and_then_says_how_far_it_is():
    jobs, screen = [Toy(number) for number in range(4)], io.StringIO()
    with watch_jobs(Console(file=screen, width=40), expected_seconds=400, every=0.01) as (listen, expect):
        expect(jobs, {})
        listen(Event("started", jobs[0], 0, 10))
        wait_for(screen, lines=2)
        listen(Event("finished", jobs[0], 10, 10))
        listen(Event("progress", jobs[1], 5, 10))
        said = len(screen.getvalue().splitlines())
        wait_for(screen, lines=said + 2)
    first, *_, last = screen.getvalue().splitlines()
    assert "0% done: 0/4 jobs, 0 of 40 image-steps · about 7 min left, until " in first
    assert first.endswith("now: a toy")
    assert "38% done: 1/4 jobs, 15 of 40 image-steps · about 5 s left" in last  # by its pace


def test_time_left_goes_by_what_jobs_take_and_not_by_their_steps():
    jobs, screen = [Toy(number) for number in range(4)], io.StringIO()
    seconds = {job.key: 10.0 for job in jobs} | {jobs[0].key: 70.0}
    with watch_jobs(Console(file=screen, width=40), expected_seconds=400, every=0.01) as (listen, expect):
        expect(jobs[:3], seconds)
        expect(jobs, dict.fromkeys(seconds, 1.0))  # of jobs known already nothing changes
        wait_for(screen, lines=1)
        listen(Event("progress", jobs[0], 4, 10))
        listen(Event("retried", jobs[0], 0, 10))
        listen(Event("finished", jobs[0], 10, 10))
        listen(Event("finished", jobs[1], 0, 0))  # what takes no steps takes its time all the same
        said = len(screen.getvalue().splitlines())
        wait_for(screen, lines=said + 2)
    last = screen.getvalue().splitlines()[-1]
    assert " 88% done: " in last
    assert "10 of 40 image-steps · about 5 s left" in last


def test_what_a_checkpoint_brought_is_no_pace():
    jobs, tally = [Toy(number) for number in range(3)], Tally()
    tally.expect(jobs, {})
    for what, job, done in [("started", 0, 0), ("progress", 0, 8), ("progress", 0, 9), ("finished", 1, 10)]:
        tally.hear(Event(what, jobs[job], done, 10))
    assert (tally.share, tally.brought) == (round(19 / 30, 9), round(8 / 30, 9))
    assert seconds_left(tally.share, None, 33, tally.brought) == pytest.approx(33)  # 11 of 30 are done, 11 are left
    tally.hear(Event("retried", jobs[0], 0, 10))
    tally.hear(Event("started", jobs[0], 0, 10))
    assert (tally.share, tally.brought) == (round(10 / 30, 9), 0)


def test_a_bar_says_the_time_that_is_expected_until_its_pace_tells():
    screen = io.StringIO()
    with watch_jobs(Console(file=screen, force_terminal=True, width=200), expected_seconds=400) as (_, expect):
        expect([Toy(0)], {Toy(0).key: 300.0})
    assert "7 min left" in screen.getvalue()


def test_images_are_counted_in_lines_too():
    screen = io.StringIO()
    with watch_count("importing", "images", Console(file=screen, width=40), every=0.01) as count:
        wait_for(screen, lines=1)
        count(300, 1200)
        said = len(screen.getvalue().splitlines())
        wait_for(screen, lines=said + 2)
    first, *_, last = screen.getvalue().splitlines()
    assert first.endswith("importing: 0/0 images · no telling how much is left")
    assert "importing: 300/1200 images · about 5 s left" in last


def test_a_short_import_into_a_log_says_nothing():
    screen = io.StringIO()
    with watch_images("importing", Console(file=screen)) as count:
        count(1, 1)
    assert screen.getvalue() == ""


@pytest.mark.parametrize("columns", [40, 60, 200])
def test_a_narrow_terminal_shows_numbers_before_a_bar(columns):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=columns, color_system=None)
    with watch_images("rendering", console) as count:
        count(300, 1200)
    last = screen.getvalue().rpartition("\r")[2].rpartition("K")[2].split("\n")[0]
    assert len(last) <= columns
    assert "25%" in last
    assert "300/1200" in last
    assert ("━" in last) == (columns == 200)


def wait_for(screen, lines):
    for _ in range(2000):
        if len(screen.getvalue().splitlines()) >= lines:
            return
        time.sleep(0.005)
    raise AssertionError(f"no {lines} lines: {screen.getvalue()!r}")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "5 s"), (57, "1 min"), (3590, "1 h"), (7200, "2 h"), (86_390, "1 day"), (200_000, "2 days 8 h")],
)
def test_durations_are_said_as_exactly_as_they_are_known(seconds, words):
    assert duration(seconds) == words


def test_another_day_is_named():
    assert " on " not in when(0)
    assert " on 2" in when(3 * 86_400)


@pytest.fixture
def notebook(monkeypatch):
    """A console in a notebook, and what it keeps: of each output the last state."""
    kept = []

    class Handle:
        def update(self, shown):
            kept[0] = shown._repr_mimebundle_((), ())["text/html"]

    def display(shown, display_id):
        kept.append(shown._repr_mimebundle_((), ())["text/html"])
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    return Console(force_jupyter=True), kept


def test_a_notebook_keeps_one_output_with_the_last_state(notebook):
    console, kept = notebook
    jobs = [Toy(number) for number in range(3)]
    with watch_jobs(console) as (listen, expect):
        expect(jobs, {job.key: 0.1 for job in jobs})
        for job in jobs:
            listen(Event("finished", job, 10, 10))
    assert len(kept) == 1
    assert "3/3 jobs · a toy" in kept[0]
    assert "100%" in kept[0]
    assert "took 5 s" in kept[0]


def test_where_nothing_is_left_to_do_all_is_done(notebook):
    console, kept = notebook
    with watch_jobs(console) as (_, expect):
        expect([], {})
    assert "100%" in kept[0]
    assert "all is done already" in kept[0]


class Run:
    """A study of one job. shown: whether somebody asked what comes next."""

    def expected_seconds(self):
        return 10.0

    def execute(self, listen=None, expect=None):
        self.shown = expect is not None
        if expect:
            expect([Toy(0)], {})
        if listen:
            listen(Event("finished", Toy(0), 10, 10))


@pytest.mark.parametrize(
    ("progress", "typed", "shown"),
    [(None, False, False), (None, True, True), (True, False, True), (False, True, False)],
)
def test_progress_is_shown_where_python_is_typed_unless_it_is_said(monkeypatch, progress, typed, shown):
    if typed:
        monkeypatch.setattr("sys.ps1", ">>> ", raising=False)
    run, heard = Run(), []
    execute_watched(run, progress, heard.append)
    assert run.shown == shown
    assert [event.what for event in heard] == ["finished"]
