"""A store that lies elsewhere: every guarantee of a folder, with machines that share nothing else."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from remote_stores import Flaky, Locked
from toy_jobs import ToyJob

from headstart.errors import ConfigError, HeadstartError, StoreError
from headstart.study.running.store import Store, open_store
from headstart.study.running.store.addresses import open_backend
from headstart.study.running.store.backend import Entry
from headstart.study.running.store.folder import FolderBackend
from headstart.study.running.store.mounts import file_system, locks_are_trusted
from headstart.study.running.store.remote import RemoteBackend


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "journal"
    path.touch()
    return path


@pytest.fixture(params=["memory", "file", "flaky"])
def address(request, tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.study.running.store.patience.PAUSES", (0.0,) * 6)
    return f"{request.param}://{tmp_path}/shared"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Opens a store as another machine does, whose cache is its own."""

    def open_there(name: str, address: str) -> Store:
        monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / name))
        return Store(address)

    return open_there


def runs(journal: Path) -> int:
    return len(journal.read_text().splitlines())


def test_what_one_machine_did_another_reads(machine, address, journal):
    below = ToyJob(1, str(journal))
    job = ToyJob(2, str(journal), below=(below,))
    here, there = machine("here", address), machine("there", address)
    here.run(below)
    assert there.states([below, job]) == {below.key: "done", job.key: "absent"}
    there.run(job)
    there.run(below)
    assert runs(journal) == 2
    assert (here.found(job).folder / "sum").read_text() == "3"
    assert here.found(job).folder.is_relative_to(here.root)
    assert here.root != there.root
    assert here.seconds(job) == there.seconds(job) >= 0
    assert not (there.folder(job) / "checkpoints").exists()


def test_one_call_in_ten_that_fails_is_made_again(machine, tmp_path, journal, monkeypatch):
    monkeypatch.setattr("headstart.study.running.store.patience.PAUSES", (0.0,) * 6)
    before = dict(Flaky.calls)
    jobs = [ToyJob(number, str(journal)) for number in range(12)]
    store = machine("here", f"flaky://{tmp_path}")
    for job in jobs:
        store.run(job)
    other = machine("there", f"flaky://{tmp_path}")
    assert [(other.found(job).folder / "sum").read_text() for job in jobs] == [str(number) for number in range(12)]
    assert Flaky.calls["failed"] - before["failed"] > 10
    assert runs(journal) == 12


def test_only_wanted_files_come_and_each_is_verified(machine, address, journal):
    job = ToyJob(1, str(journal))
    machine("here", address).run(job)
    there = machine("there", address)
    found = there.found(job, ("sum", "nothing"))
    assert [path.name for path in found.folder.iterdir()] == ["sum"]
    assert {path.name for path in there.found(job).folder.iterdir()} == {"sum", "toys", "job.json"}


def spoil(store: Store, name: str) -> None:
    """Another byte in a file of the bucket."""
    bucket = store.backend.bucket
    data = bytearray(bucket.read(name))
    data[0] ^= 1
    bucket.write(name, bytes(data))


def test_a_flipped_byte_elsewhere_is_found_on_the_way_in_and_the_job_done_again(machine, address, journal, caplog):
    below = ToyJob(1, str(journal))
    here = machine("here", address)
    here.run(below)
    spoil(here, f"toy/{below.key}/sum")
    there = machine("there", address)
    job = ToyJob(2, str(journal), below=(below,))
    there.run(job)
    assert (there.found(job).folder / "sum").read_text() == "3"
    assert runs(journal) == 3
    assert f"{address}/toy/{below.key}/sum is not what its job wrote" in caplog.text
    assert (machine("third", address).found(below).folder / "sum").read_text() == "1"


def test_a_flipped_byte_in_the_cache_is_found_and_the_file_fetched_again(machine, address, journal):
    job = ToyJob(1, str(journal))
    store = machine("here", address)
    store.run(job)
    path = store.found(job).folder / "sum"
    path.write_text("7")
    assert (store.found(job).folder / "sum").read_text() == "1"
    assert runs(journal) == 1


def test_what_was_removed_elsewhere_is_made_again_when_it_is_needed(machine, address, journal):
    below = ToyJob(1, str(journal))
    here, there = machine("here", address), machine("there", address)
    here.run(below)
    here.backend.remove(Entry("toy", below.key))
    assert there.state(below) != "done"
    there.run(ToyJob(2, str(journal), below=(below,)))
    assert there.state(below) == "done"
    assert runs(journal) == 3


def test_the_marker_is_written_last_and_an_upload_that_ended_early_is_none(machine, address, journal, monkeypatch):
    job = ToyJob(1, str(journal))
    store = machine("here", address)
    with monkeypatch.context() as patched:
        patched.setattr(type(store.backend.bucket), "write", lambda self, name, data: 1 / 0)
        patched.setattr("headstart.study.running.store.remote.Lease", Free)
        with pytest.raises(ZeroDivisionError):
            store.run(job)
    assert store.state(job) == "incomplete"
    assert store.found(job) is None
    store.run(job)
    assert (machine("there", address).found(job).folder / "sum").read_text() == "1"


class Free:
    """A lease that is always to be had."""

    patience = 0.0

    def __init__(self, *_):
        pass

    def acquire(self):
        pass

    release = renew = acquire


def test_markers_without_checksums_are_read_elsewhere_too(machine, address, journal):
    job = ToyJob(1, str(journal))
    here = machine("here", address)
    here.run(job)
    here.backend.bucket.write(f"toy/{job.key}.json", b'{"seconds": 2.5, "finished": 0}')
    found = machine("there", address).found(job)
    assert ((found.folder / "sum").read_text(), found.seconds) == ("1", 2.5)


def test_a_store_that_is_closed_on_the_way_is_told_and_what_was_done_goes_on_from_there(machine, tmp_path, journal):
    job = ToyJob(1, str(journal))
    store = machine("here", f"locked://{tmp_path}")
    Locked.closed = True
    try:
        with pytest.raises(StoreError, match=r"locked://.*refused \(.*Access Denied.*check your rights.*--store"):
            store.check_writable()
        with pytest.raises(StoreError, match="refused"):
            store.run(job)
        with pytest.raises(StoreError, match="refused"):
            Store(store.address)
        assert Store(store.address, read_only=True).state(job) == "absent"
    finally:
        Locked.closed = False
    store.run(job)
    assert (store.found(job).folder / "sum").read_text() == "1"


def test_the_least_recently_used_make_room_and_what_is_in_use_stays(machine, address, journal, monkeypatch, tmp_path):
    jobs = [ToyJob(number, str(journal)) for number in range(8)]
    store = machine("first", address)
    for job in jobs:
        store.run(job)
    size = sum(one.bytes for one in store.backend.cache.survey("toy")) // len(jobs)
    monkeypatch.setenv("HEADSTART_CACHE_SIZE", str(4 * size))
    other = machine("second", address)
    for job in jobs[:4]:
        other.found(job)
    del other  # what it used is free again
    third = machine("second", address)
    third.found(jobs[0])
    for job in jobs[4:6]:
        third.found(job)
    here = {job.number for job in jobs if (third.root / "toy" / job.key / "sum").exists()}
    assert here >= {0, 4, 5}  # in use
    assert len(here) <= 4
    fourth = machine("second", address)
    assert [(fourth.found(job).folder / "sum").read_text() for job in jobs] == [str(number) for number in range(8)]
    assert {job.number for job in jobs if (third.root / "toy" / job.key / "sum").exists()} == set(range(8))  # in use


def test_a_limit_that_is_no_size_is_refused(machine, monkeypatch, tmp_path):
    monkeypatch.setenv("HEADSTART_CACHE_SIZE", "much")
    with pytest.raises(ConfigError, match="HEADSTART_CACHE_SIZE is 'much', which is no size: write it as in 50GB"):
        machine("here", f"memory://{tmp_path}")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("s3://bucket/x", r"s3://bucket/x needs a package that is not installed: pip install 'headstart\[s3\]'"),
        ("gs://bucket", r"needs a package that is not installed: pip install 'headstart\[gcs\]'"),
        ("nonsense://x", r"nonsense://x cannot be opened .*nonsense.*: name a folder, or a URL such as s3://"),
        ("memory://x", r"memory://x is seen by one process only, .*name a folder or a bucket with --store"),
    ],
)
def test_what_cannot_be_opened_is_told_in_a_sentence(address, sentence, tmp_path, monkeypatch):
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(HeadstartError, match=sentence):
        open_store(address)


def test_a_folder_that_several_machines_share_is_not_trusted_with_locks(tmp_path, monkeypatch):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/vda / ext4 rw 0 0\nserver:/x /data nfs4 rw 0 0\n"
        "tmpfs /data/scratch tmpfs rw 0 0\n/dev/b /my\\040disk zfs rw 0 0\n"
    )
    kinds = {path: file_system(Path(path), mounts) for path in ("/home", "/data/a", "/data/scratch/b", "/my disk/c")}
    assert list(kinds.values()) == ["ext4", "nfs4", "tmpfs", "zfs"]
    assert not locks_are_trusted(Path("/data/a"), mounts)
    assert locks_are_trusted(Path("/home"), mounts)
    assert locks_are_trusted(Path("/home"), tmp_path / "none")
    assert isinstance(open_backend(tmp_path), FolderBackend)
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    monkeypatch.setattr("headstart.study.running.store.addresses.locks_are_trusted", lambda folder: False)
    shared = open_backend(tmp_path / "a b")
    assert isinstance(shared, RemoteBackend)
    assert shared.address == f"file://{tmp_path}/a%20b"


TWO = """
import sys
sys.path.insert(0, {tests!r})
from toy_jobs import ToyJob
from headstart.study.running.store import open_store
store = open_store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in range(10):
    store.run(ToyJob(number, sys.argv[2]))
"""


@pytest.mark.parametrize("url", [False, True])
def test_two_processes_that_want_the_same_run_each_job_once(tmp_path, journal, url):
    script = TWO.format(tests=str(Path(__file__).parent))
    address = (tmp_path / "store").as_uri() if url else str(tmp_path / "store")
    two = [
        subprocess.Popen(
            [sys.executable, "-c", script, address, str(journal)],
            env={"HEADSTART_CACHE": str(tmp_path / name), "PYTHONPATH": ":".join(sys.path), "HOME": str(tmp_path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    for process in two:
        assert process.stdout.readline() == "ready\n"
    for process in two:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[0] for process in two] == ["", ""]
    assert sorted(line.split()[0] for line in journal.read_text().splitlines()) == sorted(map(str, range(10)))


def test_threads_that_ask_at_once_share_one_run(machine, address, journal):
    job = ToyJob(1, str(journal))
    stores = [machine(name, address) for name in ("one", "two", "three")]
    threads = [threading.Thread(target=store.run, args=(job,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert runs(journal) == 1
    assert json.loads(stores[0].backend.bucket.read(f"toy/{job.key}.json"))["files"].keys() == {
        "sum",
        "toys",
        "job.json",
    }
