"""Work in several processes of this machine that share each batch, one per GPU or per part of a CPU."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed

from headstart.errors import ConfigError, HeadstartError
from headstart.processes import Child, Parent, first_heard, portable
from headstart.registry import Additions, additions, adopt

__all__ = ["check_devices", "on_devices"]

OnStep = Callable[[int], None]


def check_devices(devices: int, device: str) -> None:
    """Raises ``ConfigError`` if ``device`` is ``cuda`` and there are not ``devices`` GPUs."""
    if device == "cuda" and devices > (gpus := torch.cuda.device_count()):
        raise ConfigError(
            f"pretrain.devices is {devices} and this machine has {gpus} GPU{'s' * (gpus != 1)}: "
            f"set pretrain.devices to {gpus or 1}{' or less' * (gpus > 1)}"
        )


def on_devices(work: Callable[[OnStep], None], devices: int, on_step: OnStep, *, device: str) -> None:
    """Run ``work`` in ``devices`` processes that form a process group (``Share.current``); with one, just here.

    work: gets a function to call with the number of steps done, which is handed on to ``on_step``; importable.
    device: ``cuda``, where each process has the GPU of its number, or ``cpu``, where each computes in one thread. The
    processes end with this one, whatever ends it. An error in one of them ends the others and is raised here; a process
    that is killed makes a ``HeadstartError``, too.
    """
    if devices == 1:
        work(on_step)
        return
    check_devices(devices, device)
    children: list[Child] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for rank in range(devices):
                process = _Process(device, rank, devices, Path(folder) / "meeting", additions())
                children.append(Child(_in_process, work, process))
            _follow(children, on_step)
        finally:
            for child in children:
                child.end()


@dataclass(frozen=True)
class _Process:
    """Of one process among ``devices``. meeting: a file by which they find each other. added: to extension points."""

    device: str
    rank: int
    devices: int
    meeting: Path
    added: Additions


def _in_process(parent: Parent, work: Callable[[OnStep], None], process: _Process) -> None:
    """One of the processes: what it sends is a step, an error, or at last ``None``."""
    try:
        _join(process)
        work(parent.send)
        torch.distributed.destroy_process_group()
    except Exception as error:
        parent.send(portable(error))
    else:
        parent.send(None)
    parent.receive()  # what will not come: the parent ends this process, and none before another's error has arrived


def _join(process: _Process) -> None:
    """Form the process group."""
    adopt(process.added)
    if process.device == "cuda":
        torch.cuda.set_device(process.rank)
    else:
        torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "nccl" if process.device == "cuda" else "gloo",
        f"file://{process.meeting}",
        rank=process.rank,
        world_size=process.devices,
    )


def _follow(children: list[Child], on_step: OnStep) -> None:
    """Hand on steps until all processes are done, or raise what went wrong."""
    working = list(children)
    while working:
        heard = [(child, _received(child)) for child in first_heard(working)]
        _raise_worst([messages for _, messages in heard])
        for child, messages in heard:
            if messages is None:
                working.remove(child)
            else:
                on_step(messages)


def _received(child: Child) -> Any:
    try:
        return child.receive()
    except EOFError:
        return HeadstartError(
            f"a pretraining process died ({child.how_it_ended()}): run the same command again, with a smaller "
            "pretrain.batch_size if it was for want of memory; the last checkpoint is kept"
        )


def _raise_worst(messages: list[Any]) -> None:
    """What a user can mend before what merely follows from it: the others lose their partner."""
    errors = [error for error in messages if isinstance(error, Exception)]
    for error in sorted(errors, key=lambda error: not isinstance(error, HeadstartError)):
        raise error
