"""Work in several processes of this machine that share each batch, one per GPU or per part of a CPU."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed

from headstart.errors import ConfigError, HeadstartError
from headstart.processes import Child, Parent, first_heard, portable

__all__ = ["check_devices", "on_devices"]

OnStep = Callable[[int], None]


def check_devices(devices: int) -> None:
    """Raises ``ConfigError`` if there are GPUs, but not ``devices`` of them."""
    if torch.cuda.is_available() and devices > (gpus := torch.cuda.device_count()):
        raise ConfigError(
            f"pretrain.devices is {devices} and this machine has {gpus} GPU{'s' * (gpus > 1)}: "
            f"set pretrain.devices to {gpus} or less"
        )


def on_devices(work: Callable[[OnStep], None], devices: int, on_step: OnStep) -> None:
    """Run ``work`` in ``devices`` processes that form a process group (``Share.current``); with one, just here.

    work: gets a function to call with the number of steps done, which is handed on to ``on_step``; importable. The
    processes end with this one, whatever ends it. An error in one of them ends the others and is raised here; a process
    that is killed makes a ``HeadstartError``, too.
    """
    if devices == 1:
        work(on_step)
        return
    check_devices(devices)
    children: list[Child] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for rank in range(devices):
                children.append(Child(_in_process, work, rank, devices, Path(folder) / "meeting"))
            _follow(children, on_step)
        finally:
            for child in children:
                child.end()


def _in_process(parent: Parent, work: Callable[[OnStep], None], rank: int, devices: int, meeting: Path) -> None:
    """One of the processes: what it sends is a step, an error, or at last ``None``."""
    try:
        _join(rank, devices, meeting)
        work(parent.send)
        torch.distributed.destroy_process_group()
    except Exception as error:
        parent.send(portable(error))
    else:
        parent.send(None)
    parent.receive()  # what will not come: the parent ends this process, and none before another's error is told


def _join(rank: int, devices: int, meeting: Path) -> None:
    """Form the process group; on a CPU each process computes in one thread."""
    if torch.cuda.is_available():
        torch.cuda.set_device(rank)
    else:
        torch.set_num_threads(1)
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    torch.distributed.init_process_group(backend, f"file://{meeting}", rank=rank, world_size=devices)


def _follow(children: list[Child], on_step: OnStep) -> None:
    """Hand on steps until all processes are done, or raise what went wrong."""
    working = list(children)
    while working:
        heard = [(child, _received(child)) for child in first_heard(working)]
        _raise_worst([told for _, told in heard])
        for child, told in heard:
            if told is None:
                working.remove(child)
            else:
                on_step(told)


def _received(child: Child) -> Any:
    try:
        return child.receive()
    except EOFError:
        return HeadstartError(
            f"a pretraining process died ({child.how_it_ended()}): run the same command again, with a smaller "
            "pretrain.batch_size if it was for want of memory; the last checkpoint is kept"
        )


def _raise_worst(told: list[Any]) -> None:
    """What a user can mend before what merely follows from it: the others lose their partner."""
    errors = [error for error in told if isinstance(error, Exception)]
    for error in sorted(errors, key=lambda error: not isinstance(error, HeadstartError)):
        raise error
