"""The line that a person watches."""

import io

from rich.console import Console

from headstart.progress import watch_jobs
from headstart.study.jobs.base import Job
from headstart.study.running.launchers import Event


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
        expect(jobs)
        listen(Event("finished", jobs[0], 10, 10))
        listen(Event("progress", jobs[1], 5, 10))
        listen(Event("retried", jobs[1], 0, 10, "it stumbled"))
        listen(Event("failed", jobs[1], 0, 10, "it stumbled again"))
    said = screen.getvalue()
    assert "2/3 jobs · 1 failed · 1 retried · a toy" in said
    assert "67%" in said
