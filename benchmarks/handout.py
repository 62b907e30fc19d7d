"""What it costs to hand out a job: ``python benchmarks/handout.py [--jobs 10000] [--workers 2] [--ways …]``.

Runs jobs that sleep a millisecond, and prints what each took of a worker beyond that: handing out, lock, files and
marker of the store. Beside it the same of Ray Tune's trials, which keep nothing (fewer of them, for they are slow), and
what either would add to trials of one second. Targets: 3 % of such a trial by the local launcher, 5 % by Ray on a node.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from naps import Nap

from headstart.study.running.launchers import LAUNCHERS, Event
from headstart.study.running.store import Store

NAP = 0.001
TARGETS = {"local": 0.03, "ray": 0.05}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--trials", type=int, default=200, help="of Ray Tune")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--ways", nargs="+", choices=["local", "ray", "tune"], default=["local", "ray", "tune"])
    options = parser.parse_args()
    print(f"{options.workers} workers; load of this machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for way in options.ways:
        count = options.trials if way == "tune" else options.jobs
        seconds = WAYS[way](count, options.workers)
        report(way, count, seconds * options.workers / count - NAP)


def report(way: str, count: int, overhead: float) -> None:
    share = overhead / (1 + overhead)
    target = f" (target: under {TARGETS[way]:.0%})" if way in TARGETS else ""
    print(
        f"{way:5} {count:6,} jobs: {1000 * overhead:6.2f} ms a job; of one-second trials {share:.2%}{target}",
        flush=True,
    )


def launched(way: str) -> Callable[[int, int], float]:
    """Seconds from the first job's beginning to the last one's end, by a launcher of ours."""

    def seconds(count: int, workers: int) -> float:
        times: list[float] = []

        def listen(event: Event) -> None:
            del event
            times.append(time.perf_counter())

        with tempfile.TemporaryDirectory() as folder:
            launcher = LAUNCHERS[way](Store(Path(folder)), workers)
            try:
                failed = launcher.run([Nap(number, NAP) for number in range(count)], listen)
            finally:
                launcher.close()
        assert not failed
        return times[-1] - times[0]

    return seconds


def tuned(count: int, workers: int) -> float:
    """Seconds that Ray Tune takes for so many trials, from the first trial's beginning."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1"}
    import ray
    from ray import tune

    def trial(config: dict[str, int]) -> None:
        del config
        began = time.time()
        time.sleep(NAP)
        tune.report({"began": began, "ended": time.time()})

    ray.init("local", num_cpus=workers, include_dashboard=False, log_to_driver=False, configure_logging=False)
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = tune.Tuner(
                tune.with_resources(trial, {"cpu": 1}),
                param_space={"number": tune.grid_search(list(range(count)))},
                tune_config=tune.TuneConfig(reuse_actors=True),
                run_config=tune.RunConfig(storage_path=folder, verbose=0),
            ).fit()
            metrics = [result.metrics for result in found if result.metrics]
    finally:
        ray.shutdown()
    return max(one["ended"] for one in metrics) - min(one["began"] for one in metrics)


WAYS = {"local": launched("local"), "ray": launched("ray"), "tune": tuned}


if __name__ == "__main__":
    main()
