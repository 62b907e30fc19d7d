import math
import os
import threading

import pytest
from toy_jobs import ToyJob

from headstart.errors import StoreError
from headstart.study.running.store import Store


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "journal"
    path.touch()
    return path


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def marker(store, job):
    return store.root / "toy" / f"{job.key}.json"


def test_a_job_runs_once(store, journal):
    job = ToyJob(1, str(journal))
    assert store.state(job) == "absent"
    store.run(job)
    store.run(job)
    assert store.state(job) == "done"
    assert len(journal.read_text().splitlines()) == 1
    assert store.seconds(job) >= 0


def test_an_interrupted_job_is_incomplete_and_runs_again(store, journal):
    broken = ToyJob(1, str(journal), fault="refuse")
    with pytest.raises(Exception, match="toy data is broken"):
        store.run(broken)
    whole = ToyJob(1, str(journal))
    assert whole.key == broken.key
    assert store.state(whole) == "incomplete"
    store.run(whole)
    assert store.state(whole) == "done"


def test_checkpoints_stay_until_the_job_is_done(store, journal, monkeypatch):
    job = ToyJob(1, str(journal))
    kept = store.folder(job) / "checkpoints"
    with monkeypatch.context() as patched:
        patched.setattr("headstart.study.running.store.store.json.dumps", lambda *args, **options: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.run(job)
    kept.mkdir(parents=True)
    (kept / "state").touch()
    store.run(job)
    assert store.state(job) == "done"
    assert not kept.exists()


def test_states_are_those_of_each_job(store, journal):
    jobs = [ToyJob(number, str(journal), fault="refuse" if number == 2 else "") for number in range(4)]
    for job in jobs[:2]:
        store.run(job)
    with pytest.raises(Exception, match="broken"):
        store.run(jobs[2])
    states = store.states(jobs)
    assert [states[job.key] for job in jobs] == ["done", "done", "incomplete", "absent"]
    assert states == {job.key: store.state(job) for job in jobs}


def test_a_deleted_folder_is_not_done_and_its_marker_speaks_for_no_later_one(store, journal):
    job = ToyJob(1, str(journal))
    store.run(job)
    store.folder(job).rename(store.root / "elsewhere")
    assert store.state(job) == "absent"
    with pytest.raises(Exception, match="broken"):
        store.run(ToyJob(1, str(journal), fault="refuse"))
    assert store.state(job) == "incomplete"


def test_two_that_ask_at_once_share_one_run(store, journal):
    job = ToyJob(1, str(journal))
    threads = [threading.Thread(target=Store(store.root).run, args=(job,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(journal.read_text().splitlines()) == 1


def test_the_key_holds_identity_inputs_and_version(monkeypatch):
    below = ToyJob(1)
    keys = {
        below.key,
        ToyJob(2).key,
        ToyJob(1, below=(below,)).key,
        ToyJob(1, below=(ToyJob(2),)).key,
    }
    assert ToyJob(1, "elsewhere").key == below.key
    monkeypatch.setattr(ToyJob, "version", 2)
    assert len(keys | {ToyJob(1).key}) == 5


def test_an_unwritable_store_is_refused_by_name(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file.*cannot be written.*--store"):
        Store(tmp_path / "file" / "store")


OUTSIDE = '{"seconds": 1, "files": {"../../sum": [1, "00"]}}'


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"seconds": null}', '{"seconds": 1, "files": 3}', OUTSIDE])
def test_a_damaged_marker_is_named_and_its_job_done_again(store, journal, text, caplog):
    job = ToyJob(1, str(journal))
    store.run(job)
    marker(store, job).write_text(text)
    with pytest.raises(StoreError, match=f"toy{os.sep}{job.key}.json is damaged"):
        store.seconds(job)
    assert store.found(job) is None
    assert f"{marker(store, job)} is damaged: it is removed, to be made again" in caplog.text
    store.run(job)
    assert len(journal.read_text().splitlines()) == 2
    assert (store.found(job).folder / "sum").read_text() == "1"


def test_a_marker_whose_content_a_loss_of_power_took_still_says_that_the_job_is_done(store, journal):
    """What a job left is on disk before the marker is made; of the marker itself the disk may keep the name alone."""
    job = ToyJob(1, str(journal))
    store.run(job)
    marker(store, job).write_text("")
    assert store.state(job) == "done"
    assert math.isnan(store.seconds(job))
    assert (store.found(job).folder / "sum").read_text() == "1"


def test_all_files_of_a_job_are_on_disk_before_its_marker_is_made(store, journal, monkeypatch):
    job = ToyJob(1, str(journal))
    synced = []
    monkeypatch.setattr("headstart.files._sync", lambda path: synced.append((path, marker(store, job).exists())))
    store.run(job)
    folder = store.folder(job)
    assert {path for path, _ in synced} >= {folder, *(path for path in folder.iterdir() if path.is_file())}
    assert not any(marked for _, marked in synced)
    assert {path.name for path, _ in synced} >= {".marker.partial"}  # so that power cannot take its content alone
