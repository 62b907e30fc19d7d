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


def test_two_that_ask_at_once_share_one_run(store, journal):
    job = ToyJob(1, str(journal))
    threads = [threading.Thread(target=Store(store.root).run, args=(job,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(journal.read_text().splitlines()) == 1


def test_the_key_holds_identity_inputs_and_version(journal, monkeypatch):
    below = ToyJob(1, str(journal))
    keys = {
        below.key,
        ToyJob(2, str(journal)).key,
        ToyJob(1, str(journal), needs=(below,)).key,
        ToyJob(1, str(journal), needs=(ToyJob(2, str(journal)),)).key,
    }
    assert ToyJob(1, "elsewhere").key == below.key
    monkeypatch.setattr(ToyJob, "version", 2)
    assert len(keys | {ToyJob(1, str(journal)).key}) == 5


def test_an_unwritable_store_is_refused_by_name(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file.*cannot be written.*--store"):
        Store(tmp_path / "file" / "store")


def test_a_damaged_mark_names_its_file(store, journal):
    job = ToyJob(1, str(journal))
    store.run(job)
    (store.folder(job) / "done.json").write_text("{")
    with pytest.raises(StoreError, match=f"{job.key}{os.sep}done.json is damaged"):
        store.seconds(job)
