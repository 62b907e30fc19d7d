"""Rounds of trials on Ray Tune: stopped early by asynchronous successive halving (ASHA)."""

import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from headstart.errors import ConfigError

if TYPE_CHECKING:
    from headstart.study.running.launchers.ray.cluster import Cluster
    from headstart.study.running.launchers.ray.errand import Errand
    from headstart.study.tuning.rounds import Rounds

__all__ = ["check_machines", "check_ray", "ray_session", "run_rounds"]

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # an interrupt ends the search, and the store has what was done
    "RAY_worker_niceness": "0",  # trials are the work itself: beside anything else at 15, the default, they stand still
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000000",  # the store is what a search goes on from
}
ATTEMPTS = 2


def check_ray() -> None:
    """Raises ``ConfigError`` where Ray Tune or Optuna is not installed."""
    from importlib.util import find_spec

    if missing := [name for name in ("ray", "optuna") if find_spec(name) is None]:
        raise ConfigError(
            f"a search takes {' and '.join(missing)}, not installed here: run pip install 'headstart[ray]'"
        )


@contextmanager
def ray_session(address: str | None, workers: int | None) -> Iterator["Cluster"]:
    """Ray while inside: the cluster at ``address``, or one of this machine's own; what is there already is used and
    left."""
    os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
    from headstart.study.running.launchers.ray.cluster import join

    cluster = join(address, workers)
    try:
        yield cluster
    finally:
        cluster.leave()


def check_machines(cluster: "Cluster", errand: "Errand") -> None:
    """Raises ``ConfigError`` where a machine of the cluster has other releases, or does not see the store."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    from headstart.study.running.launchers.ray.errand import refusal

    asked = [
        ray.remote(refusal)
        .options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False))
        .remote(errand, machine.address)
        for node, machine in cluster.machines.items()
    ]
    for reason in filter(None, ray.get(asked)):
        raise ConfigError(reason)


def run_rounds(
    rounds: "Rounds", work: Mapping[str, Any], draws: int, resources: Mapping[str, float], width: int
) -> None:
    """Run the trials, inside a session.

    work: what ``trainable.evaluate`` is given besides a trial's settings. resources: cores and GPUs that a trial
    occupies. width: cores for all of them together.
    """
    from functools import partial

    from ray import tune

    from headstart.study.tuning.adapters import ArmScheduler, ArmSearcher
    from headstart.study.tuning.trainable import evaluate

    for name in ("ray.tune", "ray.train"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # failures come to us as results
    arms = list(rounds.lanes)
    with tempfile.TemporaryDirectory() as scratch:
        tune.Tuner(
            tune.with_resources(partial(evaluate, work=dict(work)), dict(resources)),
            tune_config=tune.TuneConfig(
                search_alg=ArmSearcher(rounds, draws),
                scheduler=ArmScheduler(arms, draws),
                num_samples=rounds.rounds * len(arms),
                max_concurrent_trials=max(1, int(width / resources["cpu"])),
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                storage_path=scratch, verbose=0, failure_config=tune.FailureConfig(max_failures=ATTEMPTS - 1)
            ),
        ).fit()
