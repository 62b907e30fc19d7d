"""What kills do to a study: ``python benchmarks/endurance.py [--kills 30] [--launcher local|ray] [--seed 0]``

Runs a tiny study undisturbed, and then in fresh stores while workers, the program itself and (with Ray: three nodes on
this machine) whole nodes are killed with SIGKILL at random moments, the program being started again until it ends well.
At last two programs run the study at once on one store. Prints kills by victim, and counts what must be zero: values
that differ from the undisturbed tables or are lost, and jobs that were run again after they were done.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from headstart.api import Study

STUDY = {
    "name": "endured",
    "dataset": {"images": 120, "resolution": 16},
    "backbone": {"options": {"width": 4}},
    "arms": {"rotation": {}},
    "pretrain": {"steps": 60, "batch_size": 16},
    "protocols": {"finetune": {"min_steps": 20}, "knn": {}},
    "budgets": [10, 40],
    "trials": 2,
}
MAIN = "from headstart.cli import main; main()"
NODES = 3
CONFIG = {"include_dashboard": False, "_system_config": {"worker_niceness": 0}}
WORKERS = {"local": "headstart/processes/__main__.py", "ray": "ray::Labourer"}
BEGUN, LONGEST = 4.0, 20.0
"""Seconds from one kill to the next, at least and at most."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--launcher", choices=["local", "ray"], default="local")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng, kills = random.Random(options.seed), Counter[str]()
    with tempfile.TemporaryDirectory() as name, nodes(options.launcher) as cluster:
        folder = Path(name)
        (folder / "study.yaml").write_text(yaml.safe_dump(STUDY))
        assert start(folder, "calm", []).wait() == 0, "the study ends well when nobody disturbs it"
        truth, wrong, again, rounds = table(folder, "calm"), 0, 0, 0
        while kills.total() < options.kills:
            rounds += 1
            ran_again = disturbed(folder, f"round{rounds}", options, cluster, kills, rng)
            again += ran_again
            wrong += differing(truth, table(folder, f"round{rounds}"))
            print(f"round {rounds}: {dict(kills)}, {wrong} values differ, {again} jobs run after done", flush=True)
        two = [start(folder, "two", way(options.launcher, cluster), run=run) for run in ("one", "other")]
        codes = [one.wait() for one in two]
        wrong_of_two = sum(differing(truth, table(folder, "two", run)) for run in ("one", "other"))
    victims = ", ".join(f"{count} of a {what}" for what, count in kills.items())
    print(f"{kills.total()} kills ({victims}), {rounds} studies")
    print(f"values that differ or are lost: {wrong}; jobs run again after they were done: {again}")
    print(f"two programs at once on one store: exit codes {codes}, values that differ or are lost: {wrong_of_two}")


@contextmanager
def nodes(launcher: str) -> Iterator[Any]:
    """A Ray cluster of three nodes on this machine, or nothing."""
    if launcher == "local":
        yield None
        return
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, **CONFIG})
    for _ in range(NODES - 1):
        cluster.add_node(num_cpus=1)
    try:
        yield cluster
    finally:
        cluster.shutdown()


def way(launcher: str, cluster: Any) -> list[str]:
    return ["--launcher", "ray", "--address", cluster.address] if launcher == "ray" else ["--workers", "2"]


def start(folder: Path, store: str, options: Sequence[str], run: str = "run") -> subprocess.Popen[bytes]:
    options = ["--out", str(folder / store / run), "--store", str(folder / store / "store"), *options]
    command = [sys.executable, "-c", MAIN, "study", "run", str(folder / "study.yaml"), *options]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def disturbed(
    folder: Path, store: str, options: argparse.Namespace, cluster: Any, kills: Counter[str], rng: random.Random
) -> int:
    """Run the study to its end through kills; how many jobs were run again although they were done."""
    done: dict[str, float] = {}
    again, program = 0, start(folder, store, way(options.launcher, cluster))
    while True:
        ended = wait(program, rng.uniform(BEGUN, LONGEST))
        marks = finished(folder / store / "store")
        again += sum(marks.get(key) != when for key, when in done.items())
        done = marks
        if ended == 0:
            return again
        if ended is not None:  # killed, or numbers are missing because one job was hit twice
            program = start(folder, store, way(options.launcher, cluster))
        elif kills.total() < options.kills:
            strike(program, options.launcher, cluster, kills, rng)


def wait(program: subprocess.Popen[bytes], seconds: float) -> int | None:
    try:
        return program.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def strike(
    program: subprocess.Popen[bytes], launcher: str, cluster: Any, kills: Counter[str], rng: random.Random
) -> None:
    """Kill somebody, if he is there."""
    victim = rng.choice(["worker", "program", *(["node"] if cluster else [])])
    if victim == "node":
        lost = rng.choice(sorted(cluster.worker_nodes, key=lambda node: node.node_id))
        cluster.worker_nodes.remove(lost)
        os.kill(lost.all_processes["raylet"][0].process.pid, signal.SIGKILL)
        cluster.add_node(num_cpus=1)
    elif victim == "program":
        program.kill()
    else:
        above = [program.pid]
        if launcher == "ray":
            above = [node.all_processes["raylet"][0].process.pid for node in [cluster.head_node, *cluster.worker_nodes]]
        workers = [pid for pid in descendants(above) if WORKERS[launcher] in command_of(pid)]
        if not workers:
            return
        os.kill(rng.choice(workers), signal.SIGKILL)
    kills[victim] += 1


def descendants(above: Sequence[int]) -> list[int]:
    """Processes below these, as Linux tells; none that somebody else started."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
    line = list(above)
    for pid in line:
        line += [child for child, parent in parents.items() if parent == pid]
    return line[len(above) :]


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def finished(store: Path) -> dict[str, float]:
    """When each job of a store was done, by its key."""
    return {path.stem: json.loads(path.read_text())["finished"] for path in store.glob("*/*.json")}


def table(folder: Path, store: str, run: str = "run") -> pd.DataFrame:
    return Study.load(folder / store / run / str(STUDY["name"])).results.drop(columns="seconds")


def differing(truth: pd.DataFrame, found: pd.DataFrame) -> int:
    """Rows that are not what they should be, or are not there."""
    if len(truth) != len(found):
        return max(len(truth), len(found))
    same = (truth == found) | (truth.isna() & found.isna())
    return int((~same.all(axis=1)).sum())


if __name__ == "__main__":
    started = time.monotonic()
    main()
    print(f"in {time.monotonic() - started:.0f} s")
