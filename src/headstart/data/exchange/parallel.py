"""The same for many pictures, on all cores: by threads where there are few, by processes where there are many."""

import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from PIL import Image

from headstart.processes.order import available_cores, in_order

__all__ = ["ahead", "in_parallel", "large_pictures_allowed"]

Item = TypeVar("Item")
Result = TypeVar("Result")


CHUNKS = 16
"""Parts of the work that each core gets: few, for handing over takes time, and enough to end together."""
WORTH = 3.0
"""Seconds of work that are left where processes begin to pay: they need half a second each to begin."""
AT_ONCE = 2
"""Items that threads have in hand: while one of them is written, the next is read."""


def in_parallel(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """The result for each item, in their order, by threads: Pillow decodes and scales beside other Python code.

    Raises what ``work`` raises first.
    """
    left, cores = list(items), available_cores()
    if cores == 1:
        with large_pictures_allowed():
            return list(map(work, left))
    size = -(-len(left) // (CHUNKS * cores)) or 1
    chunks = [left[start : start + size] for start in range(0, len(left), size)]
    with large_pictures_allowed(), ThreadPoolExecutor(cores) as pool:
        done = pool.map(lambda chunk: [work(item) for item in chunk], chunks)
        return [result for results in done for result in results]


def ahead(
    work: Callable[[Item], Result], items: Sequence[Item], sizes: Sequence[int], *, workers: int | None = None
) -> Iterator[Result]:
    """The result for each item, in their order; the next ones are made while one is used.

    The first is timed. Where what is left would take long, one process per core does it, for threads of Python wait
    for each other over small pictures. sizes: of items, as much as they take. workers: processes at most; 0 where
    only this process can do it, one item after another. Raises what ``work`` raises, and ``StoreError`` if a process is
    killed.
    """
    if not items:
        return
    cores = available_cores() if workers is None else min(available_cores(), workers)
    started = time.perf_counter()
    first = work(items[0])
    left = (time.perf_counter() - started) / sizes[0] * sum(sizes[1:])
    yield first
    if left > WORTH and cores > 1:
        yield from in_order(work, items[1:], cores)
    else:
        yield from _by_threads(work, items[1:], AT_ONCE if workers != 0 else 1)


def _by_threads(work: Callable[[Item], Result], items: Sequence[Item], at_once: int) -> Iterator[Result]:
    with ThreadPoolExecutor(at_once) as pool:
        coming = deque(pool.submit(work, items[number]) for number in range(min(at_once, len(items))))
        for number in range(len(items)):
            result = coming.popleft().result()
            if number + at_once < len(items):
                coming.append(pool.submit(work, items[number + at_once]))
            yield result


class large_pictures_allowed:  # noqa: N801 - used as a function that makes a context
    """What Pillow warns of, pictures of very many pixels, is not repeated: those of twice as many are refused.

    For all of this process, until the last that is inside has left: threads come and go in any order, and warnings are
    then as the first one found them, which ``warnings.catch_warnings`` alone leaves to chance.
    """

    _lock, _inside, _before = threading.Lock(), 0, warnings.catch_warnings()

    def __enter__(self) -> None:
        kind = type(self)
        with kind._lock:
            kind._inside += 1
            if kind._inside == 1:
                kind._before = warnings.catch_warnings()
                kind._before.__enter__()
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)

    def __exit__(self, *raised: object) -> None:
        kind = type(self)
        with kind._lock:
            kind._inside -= 1
            if kind._inside == 0:
                kind._before.__exit__(None, None, None)
