"""Memory that was freed is used again, rather than handed back to the system."""

import ctypes
import os
from functools import cache

__all__ = ["keep_freed_memory"]

TRIM, MMAP = (-1, 2**29), (-3, 2**25)
"""Options of glibc's ``mallopt``, and bytes: what is freed at the end of the heap stays there up to so much, and blocks
up to so large lie on the heap."""


@cache
def keep_freed_memory() -> None:
    """From now on, in this process, where its C library is glibc; nothing happens elsewhere, or if the user has set it.

    By itself glibc gives the tensors of each training step back to the system, which clears the same pages anew for the
    next: a fifth of a small network's time, and half of that of a picture's decoding (``benchmarks/kept_memory.py``).
    """
    if os.environ.get("MALLOC_TRIM_THRESHOLD_") or os.environ.get("MALLOC_MMAP_THRESHOLD_"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    for option, value in (TRIM, MMAP):
        mallopt(option, value)
