"""Work spread over one process per core, its results in order."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from headstart.errors import ConfigError, StoreError
from headstart.processes.child import Child, Parent, first_heard
from headstart.processes.travel import portable

__all__ = ["available_cores", "in_order"]

Item = TypeVar("Item")
Result = TypeVar("Result")
AHEAD = 2
"""Items that a process has in hand, so that it need not wait for the next."""
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""For the libraries of a process that has one core: their threads would wait for each other on it, at full speed."""
CORES = "HEADSTART_CORES"
"""The variable that says how many cores a process may use, if not all that the system gives it."""
ONE_CORE = {**ONE_THREAD, CORES: "1"}
"""For one of several processes that have a core each."""
WINDOW = 8
"""Results per process that may be waiting for a slow one before them: they take memory."""


def available_cores() -> int:
    """Cores that this process may use. Raises ``ConfigError`` if somebody says so in other than a number."""
    if said := os.environ.get(CORES):
        if not said.isdecimal() or said == "0":
            raise ConfigError(f"{CORES} is '{said}': set it to a number of cores, or not at all")
        return int(said)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(work: Callable[[Item], Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """``work`` of every item, in the order of items, by ``workers`` processes (1: by this one).

    ``work`` must be importable. What it raises is raised here; raises ``StoreError`` if a process is killed.
    """
    if workers == 1:
        yield from map(work, items)
        return
    children: list[Child] = []
    try:
        for _ in range(min(workers, len(items))):
            children.append(Child(_work_for, work, environment=ONE_CORE))
        yield from _results(children, items)
    finally:
        for child in children:
            child.end()


def _results(children: list[Child], items: Sequence[Item]) -> Iterator[Result]:
    results, given, hands = dict[int, Result](), 0, children * AHEAD
    for number in range(len(items)):
        while True:
            while hands and given < min(len(items), number + WINDOW * len(children)):
                hands.pop(0).send((given, items[given]))
                given += 1
            if number in results:
                break
            for child in first_heard(children):
                results.update([_received(child)])
                hands.append(child)
        yield results.pop(number)


def _received(child: Child) -> tuple[int, Result]:
    try:
        number, result, error = child.receive()
    except EOFError:
        raise StoreError(
            f"a process that worked for this one died ({child.how_it_ended()}), perhaps for want of memory: run the "
            "same command again, with fewer workers if it recurs; finished shards are kept"
        ) from None
    if error:
        raise error
    return number, result


def _work_for(parent: Parent, work: Callable[[Item], Result]) -> None:
    while True:
        number, item = parent.receive()
        try:
            parent.send((number, work(item), None))
        except Exception as error:
            parent.send((number, None, portable(error)))
