"""``headstart store``: list, verify, prune and copy, of folders and of what lies elsewhere."""

import os
import time

import pandas as pd
import pytest
from toy_jobs import ToyJob

from headstart.cli import main
from headstart.errors import ConfigError, StoreError
from headstart.study.running.store import Store
from headstart.study.running.store.backend import Entry
from headstart.study.running.store.transfer import copy_store
from headstart.study.running.store.upkeep import prune_store, summarise, survey_store, verify_store


@pytest.fixture
def journal(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HEADSTART_LEASE_SECONDS", "0.2")
    path = tmp_path / "journal"
    path.touch()
    return path


@pytest.fixture(params=["", "file://", "memory://"])
def store(request, tmp_path, journal):
    return Store(f"{request.param}{tmp_path}/store")


@pytest.fixture
def jobs(store, journal):
    """Three that are done, one that is not."""
    jobs = [ToyJob(number, str(journal)) for number in range(4)]
    for job in jobs[:3]:
        store.run(job)
    begin(store, jobs[3])
    return jobs


def begin(store, job):
    """As if its process had been killed: on its way into a bucket, where there is one."""
    if hasattr(store.backend, "bucket"):
        store.backend.bucket.write(f"toy/{job.key}/sum", b"3")
    else:
        store.folder(job).mkdir()
        (store.folder(job) / "sum").write_text("3")


def spoil(store, job, name="sum"):
    path = f"toy/{job.key}/{name}"
    if hasattr(store.backend, "bucket"):
        store.backend.bucket.write(path, b"9")
    else:
        before = (store.root / path).stat()
        (store.root / path).write_bytes(b"9")
        os.utime(store.root / path, ns=(before.st_atime_ns, before.st_mtime_ns))


def run(capsys, *arguments):
    """Exit code and what was said."""
    import sys

    code = 0
    before, sys.argv = sys.argv, ["headstart", "store", *arguments]
    try:
        main()
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.argv = before
    said = capsys.readouterr()
    return code, " ".join((said.out + said.err).split())


def test_what_lies_there_is_told_by_kind_and_by_job(store, jobs):
    (toys,) = summarise(survey_store(store))
    assert (toys.kind, toys.done, toys.incomplete) == ("toy", 3, 1)
    assert 0 <= toys.newest <= toys.oldest < 3600
    held = survey_store(store, "toy")
    assert {one.entry.key: one.done for one in held} == {job.key: job is not jobs[3] for job in jobs}
    assert toys.bytes == sum(one.bytes for one in held) > 0
    with pytest.raises(ConfigError, match=r"no jobs of kind 'nonsense' are in .*store.*without --kind"):
        survey_store(store, "nonsense")


def test_a_store_that_is_not_there_is_told_by_name(tmp_path, journal):
    for address in (str(tmp_path / "none"), f"file://{tmp_path}/none"):
        with pytest.raises(StoreError, match="there is no store .*none: name one with --store"):
            survey_store(Store(address, read_only=True))


def test_every_damaged_file_is_named_and_what_is_removed_is_made_again(store, jobs, journal):
    assert verify_store(store).damaged == {}
    spoil(store, jobs[1])
    found = verify_store(store)
    assert (found.whole, found.unknown, set(found.damaged)) == (2, 0, {Entry("toy", jobs[1].key)})
    assert found.damaged[Entry("toy", jobs[1].key)].startswith(f"{store.address}/toy/{jobs[1].key}/sum is gone or not")
    verify_store(store, delete=True)
    assert verify_store(store).damaged == {}
    assert [store.state(job) == "done" for job in jobs] == [True, False, True, False]
    store.run(jobs[1])
    assert (store.found(jobs[1]).folder / "sum").read_text() == "1"


def test_unfinished_work_goes_and_what_is_in_use_stays(store, jobs):
    with store.backend.hold(Entry("toy", jobs[3].key)):
        pruned = prune_store(store)
        assert (pruned.removed, pruned.in_use) == ((), (Entry("toy", jobs[3].key),))
    assert [one.entry.key for one in prune_store(store, dry_run=True).removed] == [jobs[3].key]
    pruned = prune_store(store)
    assert [one.entry.key for one in pruned.removed] == [jobs[3].key]
    assert pruned.bytes > 0
    assert {one.entry.key for one in survey_store(store)} == {job.key for job in jobs[:3]}


def test_a_dead_owner_keeps_nothing(store, jobs):
    lock = store.backend.lock(Entry("toy", jobs[3].key))
    assert lock.attempt()
    if not lock.patience:
        lock.release()  # as the system does for a process that ends
    else:
        lock._lease._stop()
        lock._here.release()
    assert [one.entry.key for one in prune_store(store).removed] == [jobs[3].key]


def test_finished_work_goes_by_age_and_stays_with_its_run(store, jobs, monkeypatch):
    now = time.time()
    assert prune_store(store, older_than=3600, dry_run=True).removed == ()
    monkeypatch.setattr(time, "time", lambda: now + 7200)
    keep = {jobs[0].key}
    pruned = prune_store(store, older_than=3600, keep=keep, dry_run=True)
    assert {one.entry.key for one in pruned.removed} == {job.key for job in jobs[1:]}
    prune_store(store, keep={*keep, jobs[1].key})
    assert {one.entry.key for one in survey_store(store)} == {job.key for job in jobs[:2]}


@pytest.mark.parametrize("there", ["", "file://", "memory://"])
def test_a_copy_is_verified_and_goes_on_where_it_ended(store, jobs, journal, tmp_path, there):
    target = Store(f"{there}{tmp_path}/other")
    spoil(store, jobs[2])
    if hasattr(store.backend, "cache"):
        store.backend.cache.remove(Entry("toy", jobs[2].key))
    marker = Entry("toy", jobs[1].key).marker
    if hasattr(store.backend, "bucket"):
        store.backend.bucket.write(marker, b'{"seconds": 1}')  # an old one
    else:
        (store.root / marker).write_text('{"seconds": 1}')
    first = copy_store(store, target, {jobs[0].key})
    assert (first.copied, first.there) == (1, 0)
    seen = []
    second = copy_store(store, target, progress=lambda *counts: seen.append(counts))
    assert (second.copied, second.there, set(second.damaged)) == (1, 1, {Entry("toy", jobs[2].key)})
    assert seen[-1] == (3, 3)
    assert verify_store(target).whole == 2  # checksums, too, where there were none
    assert [(target.found(job).folder / "sum").read_text() for job in jobs[:2]] == ["0", "1"]
    assert target.state(jobs[2]) == "absent"
    assert copy_store(store, target, {jobs[0].key, jobs[1].key}).there == 2
    with pytest.raises(StoreError, match="holds no job of that run"):
        copy_store(store, target, {"nothing"})


def test_a_copy_takes_one_kind_where_one_is_asked_for(tmp_path, journal, capsys):
    class OtherJob(ToyJob):
        kind = "other"

    store, target = Store(tmp_path / "store"), tmp_path / "target"
    wanted, left = OtherJob(1, str(journal)), ToyJob(2, str(journal))
    for job in (wanted, left):
        store.run(job)
    code, said = run(capsys, "copy", str(store.root), str(target), "--kind", "other")
    assert (code, "1 jobs were copied" in said) == (0, True), said
    assert [Store(target).state(job) for job in (wanted, left)] == ["done", "absent"]
    with pytest.raises(StoreError, match="holds no job of kind 'other' of that run.*or a kind that the run has"):
        copy_store(store, Store(target), {left.key}, kind="other")
    code, said = run(capsys, "copy", str(store.root), str(target), "--kind", "others")
    assert (code, "no jobs of kind 'others' are in" in said) == (2, True), said


def test_the_commands_say_what_they_did(tmp_path, journal, capsys):
    store = Store(tmp_path / "store")
    jobs = [ToyJob(number, str(journal)) for number in range(3)]
    for job in jobs:
        store.run(job)
    begin(store, ToyJob(3))
    where = ("--store", str(store.root))
    kept = tmp_path / "run" / "kept"
    kept.mkdir(parents=True)
    (kept / "study.json").write_text("{}")
    pd.DataFrame({"job": [jobs[0].key]}).to_parquet(kept / "jobs.parquet")
    code, said = run(capsys, "list", *where)
    assert (code, "toy 3 1" in said, "all 3 1" in said) == (0, True, True), said
    code, said = run(capsys, "list", *where, "--kind", "toy")
    assert f"toy/{jobs[0].key} done" in said
    spoil(store, jobs[1])
    code, said = run(capsys, "verify", *where)
    assert (code, "2 jobs are whole, 1 are damaged" in said) == (3, True), said
    assert f"damaged: {store.root}/toy/{jobs[1].key}/sum is gone or not what its job wrote" in said
    assert "damaged and removed" in run(capsys, "verify", *where, "--delete")[1]
    assert run(capsys, "verify", *where)[0] == 0
    code, said = run(capsys, "prune", *where, "--older-than", "1h")
    assert (code, "0 jobs were removed" in said) == (0, True), said
    code, said = run(capsys, "prune", *where, "--keep-run", str(kept.parent), "--dry-run")
    assert (code, "2 jobs would be removed" in said, f"toy/{jobs[2].key} done" in said) == (0, True, True), said
    code, said = run(capsys, "copy", str(store.root), f"file://{tmp_path}/other", "--run", str(kept.parent))
    assert (code, "1 jobs were copied to file:" in said) == (0, True), said
    assert Store(f"file://{tmp_path}/other").state(jobs[0]) == "done"
    code, said = run(capsys, "prune", *where, "--keep-run", str(kept.parent))
    assert (code, "2 jobs were removed" in said, store.state(jobs[0])) == (0, True, "done"), said
    code, said = run(capsys, "prune", *where, "--older-than", "soon")
    assert (code, "--older-than is 'soon', which is no age: write it as in 30d" in said) == (2, True), said
    code, said = run(capsys, "copy", str(store.root), "memory://x")
    assert (code, "seen by one process only" in said) == (2, True), said
