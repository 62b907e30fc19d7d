"""What may befall a store: nothing of it gets into a table."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from remote_stores import Flaky
from toy_jobs import ToyJob

from headstart.api import Study, prepare_study
from headstart.errors import StoreError
from headstart.study.config.study import StudyConfig
from headstart.study.running.launchers import LAUNCHERS, Event, Launcher
from headstart.study.running.store import Store

LEARN = {"min_steps": 2, "batch_size": 8}


class Here(Launcher):
    """One job after another in this process."""

    def run(self, jobs, listen):
        states = self.store.states(jobs)
        for job in jobs:
            if states[job.key] != "done":
                self.store.run(job)
                listen(Event("finished", job, job.cost, job.cost))
        return {}


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "journal"
    path.touch()
    return path


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Runs a tiny study with a store at an address, into a folder of its own: its store and its results."""
    config = StudyConfig(
        name="tiny",
        dataset={"source": "synthetic", "images": 72, "resolution": 16, "samples": 1},
        backbone={"name": "resnet9", "options": {"width": 4}},
        arms={"rotation": {}},
        pretrain={"steps": 2, "batch_size": 8},
        protocols={"finetune": LEARN, "linear": LEARN},
        device="cpu",
        budgets=(10, 20),
        trials=1,
    )

    def run(address) -> tuple[Store, pd.DataFrame]:
        with pytest.MonkeyPatch.context() as patched:
            patched.setitem(LAUNCHERS, "here", Here)
            patched.setattr("headstart.study.running.store.open_store", Store)
            patched.setenv("HEADSTART_CACHE", str(tmp_path_factory.mktemp("machine")))
            patched.setattr("headstart.study.running.store.patience.PAUSES", (0.0,) * 6)
            prepared = prepare_study(config, out=tmp_path_factory.mktemp("runs"), store=address, launcher="here")
            prepared.execute()
            return prepared.store, Study(prepared.run).results.drop(columns="seconds")

    return run


@pytest.fixture(scope="module")
def undisturbed(study, tmp_path_factory):
    store, results = study(tmp_path_factory.mktemp("store"))
    assert results["value"].notna().all()
    return store, results


@pytest.mark.parametrize("protocol", ["file", "flaky"])
def test_tables_are_the_same_wherever_the_store_lies(study, undisturbed, tmp_path, protocol):
    """``flaky`` lies in memory, as ``memory://`` does, and one call in ten fails."""
    failed = Flaky.calls["failed"]
    _, results = study(f"{protocol}://{tmp_path}/store")
    pd.testing.assert_frame_equal(results, undisturbed[1])
    assert (Flaky.calls["failed"] > failed) == (protocol == "flaky")
    _, again = study(f"{protocol}://{tmp_path}/store")  # on another machine, of what is done
    pd.testing.assert_frame_equal(again, undisturbed[1])


def flip(path: Path) -> None:
    """One bit in the middle of a file, as a disk does it: its times stay."""
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_flipped_bits_are_found_before_they_get_into_any_table(study, undisturbed, caplog):
    store, expected = undisturbed
    spoiled = [next(store.root.glob(pattern)) for pattern in FILES]
    for path in spoiled:
        flip(path)
    for marker in store.root.glob("trial/*.json"):
        if not spoiled[-1].is_relative_to(marker.with_suffix("")):
            marker.unlink()  # their inputs are read again
    _, results = study(store.root)
    pd.testing.assert_frame_equal(results, expected)
    for path in spoiled:
        assert f"{path} is gone or not what its job wrote" in caplog.text


FILES = ("dataset/*/images.npy", "pretrain/*/backbone.safetensors", "features/*/train.npy", "trial/*/records.json")


def test_a_full_disk_and_a_folder_that_turns_read_only_are_told_and_work_goes_on(tmp_path, journal, monkeypatch):
    store, job = Store(tmp_path / "store"), ToyJob(1, str(journal))

    def refuse(error):
        def write_bytes(path, data):
            raise OSError(error, os.strerror(error), str(path))

        return write_bytes

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", refuse(errno.ENOSPC))
        with pytest.raises(StoreError, match=f"no space left for .*{job.key}: free some and run the same command"):
            store.run(job)
        with pytest.raises(StoreError, match=r"cannot be written \(No space left on device\): make room"):
            store.check_writable()
        patched.setattr(Path, "write_bytes", refuse(errno.EROFS))
        with pytest.raises(StoreError, match=r"cannot be written \(Read-only file system\): choose a folder"):
            store.run(job)
    assert store.state(job) == "incomplete"
    assert store.found(job) is None
    store.run(job)
    assert (store.found(job).folder / "sum").read_text() == "1"


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from toy_jobs import ToyJob
from headstart.study.running.store import lease, open_store
store, job = open_store(sys.argv[1]), ToyJob(1, sys.argv[2])

def killed(self, *_):
    os.kill(os.getpid(), signal.SIGKILL)

if store.address.startswith("file:"):
    write = type(store.backend.bucket).write
    type(store.backend.bucket).write = lambda self, name, data: (
        write if name.startswith(".") else killed
    )(self, name, data)
else:
    Path.replace = lambda self, target: (os.replace if self.name != ".marker.partial" else killed)(self, target)
store.run(job)
"""


@pytest.mark.parametrize("protocol", ["", "file://"])
def test_what_a_kill_between_files_and_marker_leaves_is_not_done(tmp_path, journal, monkeypatch, protocol):
    address = f"{protocol}{tmp_path}/store"
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HEADSTART_LEASE_SECONDS", "1")
    monkeypatch.setenv("HEADSTART_LEASE_SECONDS", "0.2")
    script = KILLED.format(tests=str(Path(__file__).parent))
    killed = subprocess.run([sys.executable, "-c", script, address, str(journal)], check=False)
    assert killed.returncode == -signal.SIGKILL
    store, job = Store(address), ToyJob(1, str(journal))
    assert list((tmp_path / "store" / "toy" / job.key).glob("sum"))
    assert store.found(job) is None
    store.run(job)
    assert (store.found(job).folder / "sum").read_text() == "1"
    assert len(journal.read_text().splitlines()) == 2
