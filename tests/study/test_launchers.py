import pytest
from toy_jobs import ToyJob

from headstart.errors import DataError, HeadstartError
from headstart.study.running.launchers import LocalLauncher
from headstart.study.running.launchers.base import Queue
from headstart.study.running.store import Store


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "journal"
    path.touch()
    return path


def ran(journal):
    return [line.split() for line in journal.read_text().splitlines()]


def chain(journal, **faults):
    first = ToyJob(1, str(journal))
    second = ToyJob(2, str(journal), needs=(first,), **faults)
    return [first, second, ToyJob(3, str(journal), needs=(second,))]


def launch(tmp_path, jobs):
    store, events = Store(tmp_path / "store"), []
    LocalLauncher(store, workers=2).run(jobs, events.append)
    return store, events


def test_jobs_run_after_their_inputs_and_only_once(tmp_path, journal):
    jobs = chain(journal)
    store, events = launch(tmp_path, jobs)
    assert (store.folder(jobs[-1]) / "sum").read_text() == "6"
    assert [number for number, _ in ran(journal)] == ["1", "2", "3"]
    assert [event.job.number for event in events if event.what == "finished"] == [1, 2, 3]
    launch(tmp_path, jobs)
    assert len(ran(journal)) == 3


def test_a_refusal_reaches_the_caller_and_keeps_what_was_done(tmp_path, journal):
    with pytest.raises(DataError, match="toy data is broken"):
        launch(tmp_path, chain(journal, fault="refuse"))
    store = Store(tmp_path / "store")
    assert [store.state(job) for job in chain(journal)] == ["done", "incomplete", "absent"]


def test_a_killed_worker_is_told_and_the_next_run_finishes(tmp_path, journal):
    jobs = chain(journal, fault="die once")
    with pytest.raises(HeadstartError, match="worker process died.*run the same command again"):
        launch(tmp_path, jobs)
    store, _ = launch(tmp_path, jobs)
    assert (store.folder(jobs[-1]) / "sum").read_text() == "6"
    assert [number for number, _ in ran(journal)] == ["1", "2", "2", "3"]


def test_workers_share_a_group_but_never_mix_groups(journal):
    jobs = [ToyJob(n, str(journal), family="low" if n < 8 else "high") for n in range(16)]
    queue = Queue(jobs, lambda job: False, workers=2)
    taken = []
    while part := queue.take():
        assert len({job.family for job in part}) == 1
        taken += part
        for job in part:
            queue.finish(job)
    assert sorted(job.number for job in taken) == list(range(16))
    assert [job.number for job in taken[:2]] == [15, 14]
    assert queue.empty


def test_what_may_end_the_study_goes_before_what_costs_more(journal):
    class Gate(ToyJob):
        first = True

    queue = Queue([ToyJob(9, str(journal)), Gate(1, str(journal))], lambda job: False, workers=2)
    assert [[job.number for job in queue.take()] for _ in range(2)] == [[1], [9]]
