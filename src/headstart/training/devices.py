"""Work in several processes of this machine that share each batch, one per GPU or per part of a CPU."""

import logging
import multiprocessing as mp
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException

from headstart.errors import ConfigError, HeadstartError

__all__ = ["check_devices", "on_devices"]

POLL_SECONDS = 0.2
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

    work: gets a function to call with the number of steps done, of which ``on_step`` hears now and then; importable,
    for processes are spawned. They end with this process, whatever ends it. A ``HeadstartError`` in one of them ends
    the others and is raised here; a process that is killed makes one, too.
    """
    if devices == 1:
        work(on_step)
        return
    check_devices(devices)
    context = mp.get_context("spawn")
    steps, errors = context.RawValue("q", 0), context.SimpleQueue()
    try:
        with _followed(steps, on_step):
            _launch(devices, work, steps, errors)
    except (ProcessRaisedException, ProcessExitedException) as error:
        raise _told(error, errors) from None


def _launch(devices: int, *arguments: Any) -> None:
    from headstart.training.spawned import fabric

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    launch: Callable[..., Any] = fabric(devices).launch
    launch(_in_process, *arguments)


def _in_process(fabric: Any, work: Callable[[OnStep], None], steps: Any, errors: Any) -> None:
    """One of the processes. An error travels in ``errors``, as what torch passes on is its text."""
    del fabric

    def report(step: int) -> None:
        steps.value = step

    logging.captureWarnings(True)
    try:
        work(report)
    except HeadstartError as error:
        errors.put(error)
        raise
    torch.distributed.destroy_process_group()


def _told(error: ProcessRaisedException | ProcessExitedException, errors: Any) -> Exception:
    """What ended the processes: an error that one of them told, a death, or a fault of ours with its traceback."""
    if not errors.empty():
        told: Exception = errors.get()
        return told
    if isinstance(error, ProcessRaisedException):
        return error
    return HeadstartError(
        "a pretraining process died (out of memory, or killed): run the same command again, with a smaller "
        "pretrain.batch_size if it was memory; the last checkpoint is kept"
    )


@contextmanager
def _followed(steps: Any, on_step: OnStep) -> Iterator[None]:
    """Pass on ``steps.value``, which another process moves, from a thread."""
    over = threading.Event()

    def follow() -> None:
        told, ended = 0, False
        while not ended:
            ended = over.wait(POLL_SECONDS)
            if steps.value != told:
                told = steps.value
                on_step(told)

    thread = threading.Thread(target=follow, name="steps", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
