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


def in_parallel(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """The result for each item, in their order, by threads: Pillow decodes and scales beside other Python code.

    What Pillow warns of, pictures of very many pixels, is not repeated: those of twice as many are refused. Raises what
    ``work`` raises first.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor(available_cores()) as pool:
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return list(pool.map(work, items))
