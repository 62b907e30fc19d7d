"""The local launcher with its processes: failures, deaths, scripts, and nobody left behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from toy_jobs import TOYS, Gate, ToyJob

from headstart.errors import HeadstartError, StoreError
from headstart.study.jobs.base import Needs
from headstart.study.running.launchers import LocalLauncher
from headstart.study.running.launchers import local as local_module
from headstart.study.running.store import Store

SCRIPT = """
import sys
from pathlib import Path

sys.path.insert(0, {tests!r})
from toy_jobs import ToyJob

from headstart.processes import in_order
from headstart.study.running.launchers import LocalLauncher
from headstart.study.running.store import Store

folder = Path({folder!r})
with (folder / "began").open("a") as file:
    file.write("once ")
jobs = [ToyJob(number, str(folder / "journal"), fault={fault!r}) for number in (1, 2)]
{more}
print(LocalLauncher(Store(folder / "store"), workers=2).run(jobs, print), list(in_order(abs, [-1, -2, -3], 2)))
"""


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "journal"
    path.touch()
    return path


def ran(journal):
    return [line.split() for line in journal.read_text().splitlines()]


def chain(journal, **faults):
    first = ToyJob(1, str(journal))
    second = ToyJob(2, str(journal), below=(first,), **faults)
    return [first, second, ToyJob(3, str(journal), below=(second,))]


def launch(tmp_path, jobs, **machine):
    store, events = Store(tmp_path / "store"), []
    reasons = LocalLauncher(store, **{"workers": 2, "gpus": 0, **machine}).run(jobs, events.append)
    return store, events, {job.number: reasons[job.key] for job in jobs if job.key in reasons}


def numbers_of(events, *what):
    return [(event.what, event.job.number) for event in events if event.what in what]


def test_jobs_run_after_their_inputs_and_only_once(tmp_path, journal):
    jobs = chain(journal)
    store, events, reasons = launch(tmp_path, jobs)
    assert not reasons
    assert (store.folder(jobs[-1]) / "sum").read_text() == "6"
    assert [line[0] for line in ran(journal)] == ["1", "2", "3"]
    assert numbers_of(events, "finished") == [("finished", number) for number in (1, 2, 3)]
    launch(tmp_path, jobs)
    assert len(ran(journal)) == 3


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("refuse", "^toy data is broken: mend it$"),
        ("stumble", "^ValueError: a toy stumbles$"),
        ("die", "^its process died .killed by SIGKILL.: .*memory"),
    ],
)
def test_what_fails_twice_has_failed_with_all_that_need_it_and_the_others_go_on(tmp_path, journal, fault, reason):
    others = [ToyJob(number, str(journal)) for number in (10, 11, 12)]
    jobs = [*chain(journal, fault=fault), *others]
    store, events, reasons = launch(tmp_path, jobs)
    assert reasons.keys() == {2, 3}
    assert re.search(reason, reasons[2])
    assert reasons[3] == f"needs toy 2, which failed: {reasons[2]}"
    assert store.states(jobs) == {job.key: {2: "incomplete", 3: "absent"}.get(job.number, "done") for job in jobs}
    assert Counter(line[0] for line in ran(journal)) == {"1": 1, "2": 2, "10": 1, "11": 1, "12": 1}
    assert numbers_of(events, "retried", "failed") == [("retried", 2), ("failed", 2), ("failed", 3)]
    details = {event.what: event.detail for event in events if event.job.number == 2}
    assert ("Traceback" in details["retried"] and "_suffer" in details["failed"]) == (fault != "die")


def test_a_passing_fault_costs_a_second_attempt_and_what_follows_is_done(tmp_path, journal):
    jobs = chain(journal, fault="die once")
    store, events, reasons = launch(tmp_path, jobs)
    assert not reasons
    assert (store.folder(jobs[-1]) / "sum").read_text() == "6"
    assert numbers_of(events, "retried", "failed") == [("retried", 2)]


def test_a_process_in_which_something_unforeseen_happened_does_nothing_else(tmp_path, journal):
    launch(tmp_path, chain(journal, fault="stumble once"), workers=1)
    processes = {(number, attempt): line[1] for attempt, line in enumerate(ran(journal)) for number in line[0]}
    assert processes["1", 0] == processes["2", 1] != processes["2", 2] == processes["3", 3]


def test_a_worker_sees_the_gpus_that_its_job_was_granted(tmp_path, journal, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    shared, whole = Needs(gpus=0.5), Needs(gpus=2, cpus=2)
    wants = [shared, shared, shared, whole, Needs(), Needs(gpus=3)]
    jobs = [ToyJob(number, str(journal), wants=needs) for number, needs in enumerate(wants)]
    _, _, reasons = launch(tmp_path, jobs, workers=4, gpus=2)
    assert reasons.keys() == {5}
    assert re.search(r"planned for 3 GPUs .*there are 2 here: run the study", reasons[5])
    given = {int(number): (int(workers), *gpus) for number, _, workers, *gpus in ran(journal)}
    assert given[3] == (2, "4,6")
    assert given[4] == (1, "4,6")  # those that the whole process sees, for it was granted none
    assert {given[number] for number in range(3)} == {(1, "4"), (1, "6")}


def test_what_a_script_adds_to_an_extension_point_is_known_to_workers(tmp_path, journal, monkeypatch):
    monkeypatch.setitem(TOYS, "mine", Gate)
    job = ToyJob(1, str(journal))
    store, _, _ = launch(tmp_path, [job])
    assert (store.folder(job) / "toys").read_text() == "plain mine"


def test_what_runs_in_vain_is_stopped(tmp_path, journal):
    long = ToyJob(9, str(journal), fault="wait")
    check = Gate(1, str(journal), fault="refuse")
    jobs = [long, check, ToyJob(2, str(journal), below=(long, check)), ToyJob(3, str(journal))]
    store, _, reasons = launch(tmp_path, jobs)
    assert reasons.keys() == {1, 2, 9}
    assert reasons[9].startswith("of no use without toy 1")
    assert store.state(jobs[-1]) == "done"
    assert not any(is_alive(int(line[1])) for line in ran(journal))


def test_a_full_disk_is_no_fault_of_the_jobs(tmp_path, journal, monkeypatch):
    store = Store(tmp_path / "store")

    def full():
        raise StoreError("no room")

    monkeypatch.setattr(store, "check_writable", full)
    with pytest.raises(StoreError, match="no room"):
        LocalLauncher(store, workers=1, gpus=0).run([ToyJob(1, str(journal), fault="refuse")], print)


def test_processes_that_never_begin_are_held_against_the_machine(tmp_path, journal, monkeypatch, capfd):
    monkeypatch.setattr(local_module, "work", int)  # refuses what it is given
    with pytest.raises(HeadstartError, match=r"end as soon as they are started \(exit code 1\)"):
        launch(tmp_path, [ToyJob(1, str(journal))])
    assert "TypeError" in capfd.readouterr().err


def script(tmp_path, fault="", more=""):
    tests = str(Path(__file__).parent)
    path = tmp_path / "script.py"
    path.write_text(SCRIPT.format(tests=tests, folder=str(tmp_path), fault=fault, more=more))
    return [sys.executable, str(path)]


def test_a_script_needs_no_guard_and_runs_once(tmp_path, journal):
    done = subprocess.run(script(tmp_path), capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "{} [1, 2, 3]", done.stderr
    assert (tmp_path / "began").read_text() == "once "
    assert len(ran(journal)) == 2


def test_a_job_of_the_script_itself_is_refused_with_what_to_do(tmp_path):
    more = "class Mine(ToyJob): pass\njobs.append(Mine(3))"
    done = subprocess.run(script(tmp_path, more=more), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "Mine is defined in the script that is run (__main__)" in last
    assert "move it to a file of its own" in last


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition):
    end = time.monotonic() + 60  # only against waiting for ever
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.01)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_nobody_outlives_a_stopped_parent_and_a_rerun_finishes(tmp_path, journal, how):
    command = script(tmp_path, fault="wait once")
    parent = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: len(ran(journal)) == 2)
    parent.send_signal(how)
    parent.wait()
    wait_for(lambda: not any(is_alive(int(line[1])) for line in ran(journal)))
    assert subprocess.run(command, capture_output=True, check=True).stdout.endswith(b"{} [1, 2, 3]\n")
    assert len(ran(journal)) == 4
