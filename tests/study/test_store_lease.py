"""Leases: one owner, however clocks run, and another soon after an owner died."""

import threading
import time

import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from headstart.errors import ConfigError
from headstart.study.running.store.backend import Entry
from headstart.study.running.store.bucket import Bucket, SharedFolder
from headstart.study.running.store.lease import LEASES, Lease, usual_patience

ENTRY = Entry("toy", "0" * 40)
PATIENCE = 0.4


@pytest.fixture(params=[(SharedFolder, LocalFileSystem), (Bucket, MemoryFileSystem)])
def bucket(request, tmp_path):
    kind, filesystem = request.param
    return kind("there", filesystem(), str(tmp_path))


class Dead(Lease):
    """Its owner was killed: no sign of life comes, and nobody gives it back."""

    def _beat(self):
        pass


def wait_for(lease, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if lease.attempt():
            return True
        time.sleep(0.02)
    return False


def test_a_living_owner_keeps_it_and_then_another_has_it(bucket):
    first, second = Lease(bucket, ENTRY, PATIENCE), Lease(bucket, ENTRY, PATIENCE)
    assert first.attempt()
    assert not wait_for(second, 3 * PATIENCE)
    first.release()
    assert second.attempt()
    second.release()
    assert bucket.names(LEASES) == frozenset()


def test_a_clock_that_jumps_takes_it_from_nobody(bucket, monkeypatch):
    first, second = Lease(bucket, ENTRY, PATIENCE), Lease(bucket, ENTRY, PATIENCE)
    assert first.attempt()
    assert not second.attempt()
    now = time.time()
    for hours in (1, -1, 24):
        monkeypatch.setattr(time, "time", lambda hours=hours: now + 3600 * hours)
        assert not second.attempt()
    first.release()


def test_a_dead_owner_is_outlived_by_one(bucket):
    assert Dead(bucket, ENTRY, PATIENCE).attempt()
    others = [Lease(bucket, ENTRY, PATIENCE) for _ in range(6)]
    for other in others:
        assert not other.attempt()
    time.sleep(PATIENCE)
    won, meet = [], threading.Barrier(len(others))

    def race(other):
        meet.wait()
        won.append(other.attempt())

    threads = [threading.Thread(target=race, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 5 + [True]
    for other in others:
        other.release()


def test_one_that_was_taken_for_dead_waits_for_who_has_it_now(bucket):
    first, second = Dead(bucket, ENTRY, PATIENCE), Lease(bucket, ENTRY, PATIENCE)
    assert first.attempt()
    first.renew()  # it has it still
    assert wait_for(second, 3 * PATIENCE)
    renewed = threading.Thread(target=first.renew)
    renewed.start()
    renewed.join(PATIENCE / 2)
    assert renewed.is_alive()
    second.release()
    renewed.join()
    assert not second.attempt()
    first.release()


@pytest.mark.parametrize("said", ["60s", "0", "-1", "inf", "nan"])
def test_seconds_that_are_none_are_refused(said, monkeypatch):
    monkeypatch.setenv("HEADSTART_LEASE_SECONDS", said)
    with pytest.raises(ConfigError, match=f"HEADSTART_LEASE_SECONDS is '{said}', and it is seconds above 0"):
        usual_patience()
    monkeypatch.setenv("HEADSTART_LEASE_SECONDS", "7.5")
    assert usual_patience() == 7.5
