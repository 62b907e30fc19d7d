"""Work spread over one process per core, its results in order, without orphans when the parent is killed."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import TypeVar

from headstart.errors import StoreError

__all__ = ["available_cores", "follow_parent", "in_order"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """``work`` of every item, in the order of items, by ``workers`` processes (1: by this one).

    ``work`` must be importable, for processes are spawned. Raises ``StoreError`` if one of them is killed.
    """
    if workers == 1:
        yield from map(work, items)
        return
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=follow_parent)
    try:
        yield from executor.map(work, items)
    except BrokenProcessPool as error:
        raise StoreError(
            "a rendering process was killed, perhaps for want of memory: "
            "run the same command again, with fewer workers if it recurs; finished shards are kept"
        ) from error
    finally:
        executor.shutdown(cancel_futures=True)


def follow_parent() -> None:
    """Leave interrupts to the parent, and end with it: a spawned worker would wait for work for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None, "runs in workers only"
    threading.Thread(target=_exit_after, args=(parent.sentinel,), daemon=True).start()


def _exit_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
