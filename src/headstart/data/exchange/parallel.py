"""The same for many pictures, on all cores: by threads where there are few, by processes where there are many."""

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from PIL import Image

from headstart.processes.order import available_cores, in_order

__all__ = ["ahead", "in_parallel", "large_pictures_allowed"]

Item = TypeVar("Item")
Result = TypeVar("Result")


CHUNKS = 4
"""Parts of the work that each core gets: few, for handing over takes time, and enough to end together."""
WORTH = 3.0
"""Seconds of work that are left where processes begin to pay: they need half a second each to begin."""


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
    work: Callable[[Item], Result], items: Sequence[Item], sizes: Sequence[int], *, aside: bool = True
) -> Iterator[Result]:
    """The result for each item, in their order; the next ones are made while one is used.

    The first is timed. Where what is left would take long, one process per core does it, for threads of Python wait
    for each other over small pictures. sizes: of items, as much as they take. aside: whether ``work`` can be done by
    other processes. Raises what ``work`` raises, and ``StoreError`` if a process is killed.
    """
    if not items:
        return
    started = time.perf_counter()
    first = work(items[0])
    left = (time.perf_counter() - started) / sizes[0] * sum(sizes[1:])
    yield first
    if aside and left > WORTH and available_cores() > 1:
        yield from in_order(work, items[1:], available_cores())
    else:
        yield from _by_a_thread(work, items[1:])


def _by_a_thread(work: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(work, items[0]) if items else None
        for number in range(len(items)):
            assert coming is not None
            result = coming.result()
            if number + 1 < len(items):
                coming = pool.submit(work, items[number + 1])
            yield result


@contextmanager
def large_pictures_allowed() -> Iterator[None]:
    """What Pillow warns of, pictures of very many pixels, is not repeated: those of twice as many are refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield
