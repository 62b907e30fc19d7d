"""A Ray cluster: joined or started, and which of its machines have how much to hand out."""

import logging
import os
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from headstart.errors import ConfigError
from headstart.processes import ONE_THREAD
from headstart.study.running.launchers.base import default_workers
from headstart.study.running.launchers.ray.reach import reachable

try:
    import ray
    from ray._private import state
except ImportError as error:
    raise ConfigError("--launcher ray needs Ray: pip install 'headstart[ray]'") from error

__all__ = ["Cluster", "Machine", "join"]

OBJECT_STORE_BYTES = 100 * 2**20
"""Near the least that Ray takes: images and weights go through the store, and only jobs through Ray."""
AS_OTHERS = {"worker_niceness": 0}
"""Ray's own 15 would have jobs stand back behind everything else on this machine."""
SETTLED_SECONDS = 2.0
"""How long cores that an ended program had may take to be free again."""


@dataclass(frozen=True)
class Machine:
    """What one node of the cluster has for jobs. address: for people."""

    address: str
    cpus: int
    gpus: int


@dataclass(frozen=True)
class Cluster:
    """machines: by the id of their node. ours: whether it ends with the launcher."""

    machines: Mapping[str, Machine]
    ours: bool

    @property
    def width(self) -> int:
        """Cores of them all."""
        return sum(machine.cpus for machine in self.machines.values())

    def leave(self) -> None:
        """End it if it is ours."""
        if self.ours:
            ray.shutdown()


def join(address: str | None, workers: int | None) -> Cluster:
    """Connect to the cluster at ``address``, or start one on this machine for so many ``workers``.

    What this process is connected to already is used as it is. Raises ``ConfigError`` if there is none to be had, or if
    that is another than the one at ``address``.
    """
    ours = not ray.is_initialized()
    if ours:
        _connect(address, workers)
    elif address is not None and (place := reachable(address)) != (known := ray.get_runtime_context().gcs_address):
        raise ConfigError(f"this process is connected to the Ray cluster at {known} already: leave it to use {place}")
    try:
        machines = _deal(_settled_machines(), workers)
        if not machines:
            raise ConfigError("no core of the Ray cluster is free: wait for the programs that use it, or end them")
    except BaseException:
        Cluster({}, ours).leave()
        raise
    return Cluster(machines, ours)


def _connect(address: str | None, workers: int | None) -> None:
    logging.getLogger("ray").setLevel(logging.ERROR)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    found_here = {**ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    quiet = {"log_to_driver": False, "configure_logging": False, "runtime_env": {"env_vars": found_here}}
    if address is None:
        ray.init(
            "local",
            num_cpus=workers or default_workers(),
            object_store_memory=OBJECT_STORE_BYTES,
            include_dashboard=False,
            _system_config=AS_OTHERS,
            **quiet,
        )
        return
    try:
        ray.init(reachable(address), **quiet)
    except RuntimeError as error:
        raise ConfigError(_another_version(address, str(error))) from error
    except (ConnectionError, ray.exceptions.RayError) as error:
        raise ConfigError(f"the Ray cluster at {address} cannot be joined: {' '.join(str(error).split())}") from error


def _another_version(address: str, text: str) -> str:
    """What to do about Ray's own message of two versions."""
    found = re.findall(r"Ray: (\S+)\s+Python: (\S+)", text)
    if len(found) != 2:
        return f"the Ray cluster at {address} cannot be joined: {' '.join(text.split())}"
    there, here = (f"Ray {of_ray} on Python {of_python}" for of_ray, of_python in found)
    return f"the Ray cluster at {address} runs {there} and this is {here}: install the same on all machines"


def _settled_machines() -> dict[str, Machine]:
    """Those with free cores; a little later if some are still taken, for they may be of a program that just ended."""
    end = time.monotonic() + SETTLED_SECONDS
    while True:
        nodes = {node["NodeID"]: node for node in ray.nodes() if node["Alive"]}
        free = state.available_resources_per_node()
        if time.monotonic() > end or all(_free(node, free, "CPU") == _has(node, "CPU") for node in nodes.values()):
            break
        time.sleep(0.1)
    return {name: machine for name, node in nodes.items() if (machine := _machine(node, free)).cpus}


def _machine(node: Mapping[str, object], free: Mapping[str, Mapping[str, float]]) -> Machine:
    """Its GPUs are used if nobody else has a part of them, for which of them that is Ray does not tell."""
    gpus = _has(node, "GPU") if _free(node, free, "GPU") == _has(node, "GPU") else 0.0
    return Machine(str(node["NodeManagerAddress"]), int(_free(node, free, "CPU")), int(gpus))


def _has(node: Mapping[str, object], what: str) -> float:
    resources = node["Resources"]
    assert isinstance(resources, Mapping), "Ray lists what a node has by name"
    return float(resources.get(what, 0.0))


def _free(node: Mapping[str, object], free: Mapping[str, Mapping[str, float]], what: str) -> float:
    return float(free.get(str(node["NodeID"]), {}).get(what, 0.0))


def _deal(machines: Mapping[str, Machine], workers: int | None) -> dict[str, Machine]:
    """So many cores of them all, in turns; all of them if it is not said how many."""
    dealt = dict.fromkeys(machines, 0)
    for _ in range(workers if workers is not None else sum(machine.cpus for machine in machines.values())):
        left = {name: machines[name].cpus - dealt[name] for name in machines if machines[name].cpus > dealt[name]}
        if not left:
            break
        dealt[min(left, key=lambda name: dealt[name])] += 1
    return {name: Machine(machines[name].address, cpus, machines[name].gpus) for name, cpus in dealt.items() if cpus}
