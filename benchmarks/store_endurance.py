"""What a store bears, and what that costs: slow or rough things that tests do in small.

    python benchmarks/store_endurance.py [--kills 20] [--gigabytes 0.5] [--jobs 10000]

Prints figures of this machine, each beside what it is measured against. As root, disks that are full or read-only are
small ones of their own (tmpfs); without the right to mount they are passed over, and it is said.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "study"))
from remote_stores import Flaky
from toy_jobs import ToyJob

from headstart.errors import StoreError
from headstart.study.running.store import Store
from headstart.study.running.store.digests import hash_file
from headstart.study.running.store.marker import FileFacts, Marker
from headstart.study.running.store.upkeep import verify_store

AT_ONCE = 60
"""Toy jobs that processes work on while they are killed."""
WORK = f"""
import os, random, sys
sys.path[:0] = [{str(Path(__file__).parents[1] / "tests" / "study")!r}]
from toy_jobs import ToyJob
from headstart.study.running.store import open_store
store = open_store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
for number in random.Random(os.getpid()).sample(range({AT_ONCE}), {AT_ONCE}):
    store.run(ToyJob(number, sys.argv[2]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--gigabytes", type=float, default=0.5)
    parser.add_argument("--jobs", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["HEADSTART_CACHE"], os.environ["HEADSTART_LEASE_SECONDS"] = str(folder / "cache"), "2"
        checksums(folder, arguments.gigabytes)
        many(folder, arguments.jobs)
        for url in ("", "file://"):
            killed(folder, f"{url}{folder}/killed{len(url)}", arguments.kills)
            together(folder, f"{url}{folder}/together{len(url)}")
        flaky(folder)
        small_disk(folder)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def checksums(folder: Path, gigabytes: float) -> None:
    """What verifying a file costs, against reading it."""
    path = folder / "large"
    with path.open("wb") as file:
        for _ in range(int(gigabytes * 1024)):
            file.write(random.randbytes(1 << 20))
    read, _ = timed(lambda: sum(len(part) for part in parts(path)))
    hashed, _ = timed(lambda: hash_file(path))
    path.unlink()
    print(
        f"SHA-256: {gigabytes / hashed:.2f} GB/s once per process and file; reading alone {gigabytes / read:.2f} GB/s"
    )


def parts(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(1 << 22):
            yield part


def many(folder: Path, count: int) -> None:
    """List, take and verify a store of many finished jobs; of a shared one, whose copies come in, a tenth is taken."""
    jobs, names = [ToyJob(number) for number in range(count)], ("sum",)
    here = Store(folder / "many")
    for job in jobs:
        fill(here, job)
    for store, taken in ((here, jobs), (Store(f"file://{folder}/many"), jobs[: count // 10])):
        listed, states = timed(lambda store=store: store.states(jobs))
        assert set(states.values()) == {"done"}
        came, found = timed(lambda store=store, taken=taken: take(store, taken, names))
        assert all(found)
        each = 1e3 * came / len(taken)
        print(f"{kind(store)}: {count:,} jobs listed in {listed:.2f} s, each verified and taken in {each:.2f} ms")
    checked, verified = timed(lambda: verify_store(here))
    assert verified.whole == count
    print(f"headstart store verify: {count:,} jobs in {checked:.1f} s")


def take(store: Store, jobs: list[ToyJob], names: tuple[str, ...]) -> list[Any]:
    store.prefetch(jobs, lambda _: names)
    return [store.found(job, names) for job in jobs]


def kind(store: Store) -> str:
    return store.address.partition("://")[0] if "://" in store.address else "folder"


def fill(store: Store, job: ToyJob) -> None:
    """As if it had run."""
    path = store.root / "toy" / job.key
    path.mkdir(parents=True)
    (path / "sum").write_text(str(job.number))
    files = {"sum": FileFacts(*hash_file(path / "sum"))}
    path.with_name(f"{job.key}.json").write_bytes(Marker(1.0, files).dump())


def killed(folder: Path, address: str, kills: int) -> None:
    """A process killed again and again at any moment: every job is done in the end, and right."""
    journal = folder / f"journal{len(address)}"
    command = [sys.executable, "-c", WORK, address, str(journal)]
    rng = random.Random(0)
    for _ in range(kills):
        process = ready(command)
        go(process)
        time.sleep(rng.uniform(0.0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.wait()
    last = ready(command)
    go(last)
    assert last.wait() == 0
    store = Store(address)
    wrong, runs = are_wrong(store), len(journal.read_text().splitlines())
    print(f"{kind(store)}: {kills} kills, {AT_ONCE} jobs in {runs} runs, {wrong} wrong")


def together(folder: Path, address: str) -> None:
    """Two processes with the same jobs."""
    journal = folder / f"together{len(address)}"
    caches = [os.environ | {"HEADSTART_CACHE": str(folder / name)} for name in ("one", "two")]
    command = [sys.executable, "-c", WORK, address, str(journal)]
    two = [ready(command, cache) for cache in caches]
    for process in two:
        go(process)
    assert [process.wait() for process in two] == [0, 0]
    runs = journal.read_text().splitlines()
    shares = [len([line for line in runs if line.split()[1] == str(process.pid)]) for process in two]
    store = Store(address)
    print(f"{kind(store)}: two processes, {AT_ONCE} jobs in {len(runs)} runs {shares}, {are_wrong(store)} wrong")


def ready(command: list[str], environment: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    """A process that has loaded what it needs, and waits."""
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def are_wrong(store: Store) -> int:
    found = [store.found(ToyJob(number)) for number in range(AT_ONCE)]
    return sum(one is None or (one.folder / "sum").read_text() != str(number) for number, one in enumerate(found))


def flaky(folder: Path) -> None:
    """One call in ten fails."""
    journal = folder / "flaky"
    store, failed = Store(f"flaky://{folder}"), Flaky.calls["failed"]
    took, _ = timed(lambda: [store.run(ToyJob(number, str(journal))) for number in range(AT_ONCE)])
    Flaky.calls["failed"], failures = 0, Flaky.calls["failed"] - failed
    print(f"one call in ten fails: {AT_ONCE} jobs in {took:.1f} s, {failures} failures, {are_wrong(store)} wrong")


def small_disk(folder: Path) -> None:
    """Full, and read-only in the middle of work."""
    with mounted(folder / "disk", "1m") as disk:
        if disk is None:
            print("full and read-only disks: passed over, for nothing may be mounted here")
            return
        store, journal = Store(disk / "store"), folder / "disk.journal"
        (disk / "large").write_bytes(bytes((1 << 20) - 64 * 1024))
        said, done = until_refused(store, journal)
        print(f"full disk, after {done} jobs: {said}")
        (disk / "large").unlink()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        print(f"read-only disk: {until_refused(store, journal)[0]}")
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        for number in range(AT_ONCE):
            store.run(ToyJob(number, str(journal)))
        print(f"room and rights again: {are_wrong(store)} of {AT_ONCE} wrong")


def until_refused(store: Store, journal: Path) -> tuple[str, int]:
    """What was said, and how many jobs are done. As a launcher: what goes wrong may be the disk's fault."""
    for number in range(AT_ONCE):
        try:
            store.run(ToyJob(number, str(journal)))
        except (StoreError, OSError) as error:
            try:
                store.check_writable()
            except StoreError as sentence:
                return str(sentence), number
            return str(error), number
    return "nothing", AT_ONCE


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path | None]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


if __name__ == "__main__":
    main()
