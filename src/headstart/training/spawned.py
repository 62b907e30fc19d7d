"""What lightning-fabric is told of processes on this machine. Imported late: fabric takes a while."""

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment, find_free_network_port
from lightning_fabric.strategies.ddp import DDPStrategy

from headstart.processes import follow_parent

__all__ = ["fabric"]


class _ThisMachine(LightningEnvironment):
    """Processes meet here and at a port of their own, whatever a cluster's variables say of other jobs."""

    @property
    def main_address(self) -> str:
        return "127.0.0.1"

    @property
    def main_port(self) -> int:
        if self._main_port == -1:
            self._main_port = find_free_network_port()
        return self._main_port

    def node_rank(self) -> int:
        return 0


class _Spawned(DDPStrategy):
    """Processes that end with their parent, even one that dies before they have met; on a CPU, of one thread each."""

    def setup_environment(self) -> None:
        follow_parent()
        if self.root_device.type == "cpu":
            torch.set_num_threads(1)
        super().setup_environment()


def fabric(devices: int) -> Fabric:
    """Launches ``devices`` spawned processes: one per GPU where there is one, else on the CPU."""
    accelerator = "cuda" if torch.cuda.is_available() else "cpu"
    strategy = _Spawned(start_method="spawn", cluster_environment=_ThisMachine())
    return Fabric(accelerator=accelerator, devices=devices, strategy=strategy)
