"""The same for many pictures, on all cores."""

import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from PIL import Image

from headstart.processes.order import available_cores

__all__ = ["in_parallel"]

Item = TypeVar("Item")
Result = TypeVar("Result")


CHUNKS = 4
"""Parts of the work that each core gets: few, for handing over takes time, and enough to end together."""


def in_parallel(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """The result for each item, in their order, by threads: Pillow decodes and scales beside other Python code.

    What Pillow warns of, pictures of very many pixels, is not repeated: those of twice as many are refused. Raises what
    ``work`` raises first.
    """
    left, cores = list(items), available_cores()
    size = -(-len(left) // (CHUNKS * cores)) or 1
    chunks = [left[start : start + size] for start in range(0, len(left), size)]
    with warnings.catch_warnings(), ThreadPoolExecutor(cores) as pool:
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        done = pool.map(lambda chunk: [work(item) for item in chunk], chunks)
        return [result for results in done for result in results]
