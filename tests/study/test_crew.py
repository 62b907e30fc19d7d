"""The rules of the crew where workers cannot be made to show them: words that are lost, and machines."""

from collections import deque

import pytest
from toy_jobs import ToyJob

from headstart.errors import HeadstartError
from headstart.study.jobs.base import Needs
from headstart.study.running.launchers.crew import Crew
from headstart.study.running.launchers.place import LostError, Place, Worker
from headstart.study.running.launchers.queue import Queue
from headstart.study.running.launchers.slots import Sites, Slots
from headstart.study.running.launchers.worker import Done, Failed, Ready, Refused
from headstart.study.running.store import Store


class Puppet(Worker):
    """Tells what the place says of its jobs, by number: done, or how it is lost."""

    def __init__(self, seat, place):
        super().__init__(seat)
        self.place, self.told = place, deque()

    def begin(self, jobs, cpus):
        self.told = deque()
        for job in jobs:
            self.told += [Ready(), *self.place.play(job, self.seat.site)]

    def receive(self):
        message = self.told.popleft()
        if isinstance(message, Exception):
            raise message
        return message

    def end(self):
        self.place.ended.append(self.seat.site)


class Stage(Place):
    """Machines on which ``play`` says what happens to a job, once each in a row."""

    def __init__(self, store, scenes, gpus=0, **cores):
        super().__init__(Sites({name: Slots(count, gpus) for name, count in cores.items()}))
        self.store, self.scenes, self.ended, self.ran = store, scenes, [], []
        self.hired, self.beside = [], []

    def play(self, job, site):
        self.ran.append((job.number, site))
        self.beside.append(sum(worker.grant is not None for worker in self.hired))
        scene = self.scenes.get(job.number, [])
        what = scene.pop(0) if scene else "does"
        if what in ("does", "does in silence") or isinstance(what, Done):
            self.store.run(job)
        lost = {"dies": LostError("killed"), "does in silence": LostError("killed")}
        return [lost.get(what, Done())] if isinstance(what, str) else [what]

    def seat(self, grant):
        return grant

    def hire(self, seat):
        self.hired.append(Puppet(seat, self))
        return self.hired[-1]

    def heard(self, workers):
        return [worker for worker in workers if worker.told][:1]


def play(tmp_path, jobs, scenes, gpus=0, **cores):
    store, events = Store(tmp_path / "store"), []
    stage = Stage(store, scenes, gpus, **cores)
    crew = Crew(store, Queue(jobs, sum(cores.values())), stage, events.append)
    reasons = crew.run()
    return stage, [(event.what, event.job.number) for event in events if event.what != "started"], reasons


@pytest.fixture
def journal(tmp_path):
    (tmp_path / "journal").touch()
    return str(tmp_path / "journal")


def test_what_was_done_before_its_worker_was_lost_is_not_run_again(tmp_path, journal):
    stage, told, reasons = play(tmp_path, [ToyJob(1, journal)], {1: ["does in silence"]}, a=1)
    assert not reasons
    assert stage.ran == [(1, "a")]
    assert told == [("finished", 1)]


def test_a_lost_machine_is_left_and_its_jobs_are_not_held_to_have_failed(tmp_path, journal):
    lost = LostError("the machine a was lost", machine=True)
    stage, told, reasons = play(tmp_path, [ToyJob(1, journal)], {1: [lost, "dies"]}, a=2, b=1)
    assert not reasons, "it died once beside that, which is not twice"
    assert stage.ran == [(1, "a"), (1, "b"), (1, "b")]
    assert told == [("retried", 1), ("retried", 1), ("finished", 1)]


def test_without_any_machine_left_it_ends_with_what_to_do(tmp_path, journal):
    lost = LostError("the machine a was lost", machine=True)
    with pytest.raises(
        HeadstartError, match="the machine a was lost, and no other is left: run the same command again"
    ):
        play(tmp_path, [ToyJob(1, journal)], {1: [lost]}, a=1)


def test_a_machine_that_refuses_ends_the_run_with_its_sentence(tmp_path, journal):
    with pytest.raises(HeadstartError, match="^it has no store$"):
        play(tmp_path, [ToyJob(1, journal)], {1: [Refused("it has no store")]}, a=1)


def test_a_worker_is_dismissed_when_another_needs_its_seat(tmp_path, journal):
    first = ToyJob(1, journal)
    stage, _, reasons = play(tmp_path, [first, ToyJob(2, journal, below=(first,), wants=Needs(cpus=2))], {}, a=2)
    assert not reasons
    assert stage.ended == ["a"], "the one that took a core made room for the one that takes two"


def test_runs_share_a_gpu_as_closely_as_the_first_of_them_showed(tmp_path, journal):
    jobs = [ToyJob(number, journal, wants=Needs(gpus=0.25)) for number in range(1, 20)]
    stage, _, reasons = play(tmp_path, jobs, {19: [Done(0.01)]}, gpus=1, here=16)
    assert not reasons
    assert max(stage.beside[:4]) <= 4
    assert max(stage.beside) > 4


def test_a_run_that_ran_out_of_memory_has_the_gpu_to_itself_next_time(tmp_path, journal):
    jobs = [ToyJob(number, journal, wants=Needs(gpus=0.25)) for number in range(1, 5)]
    full = Failed("OutOfMemoryError: no room", "", unforeseen=True, share=1.0)
    stage, told, reasons = play(tmp_path, jobs, {4: [full]}, gpus=1, here=4)
    assert not reasons
    assert ("retried", 4) in told
    assert stage.ran[-1][0] == 4
    assert stage.beside[-1] <= 1
