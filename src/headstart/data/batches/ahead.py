"""Telling the kernel which rows of a mapped file come next.

It reads all of them at once then, where it would otherwise wait for one after another, and read what lies around each:
a batch of 64 random images of 64 px came 30 times as fast from one disk.
"""

import ctypes
import mmap

from torch import Tensor

__all__ = ["LARGE", "expect"]

LARGE = 2**26
"""Bytes from which on it is worth while; less stays in memory once it was read."""


def expect(images: Tensor, rows: Tensor) -> None:
    """Announce ``rows`` (int64 ``[B]``, on the CPU) of ``images``; of no consequence where these are in memory."""
    if images.is_cuda or images.nbytes < LARGE or not hasattr(mmap, "MADV_WILLNEED"):
        return
    madvise = ctypes.CDLL(None).madvise
    begin, size = images.data_ptr(), images[0].nbytes
    for row in rows.tolist():
        start = begin + row * size
        page = start - start % mmap.PAGESIZE
        madvise(ctypes.c_void_p(page), ctypes.c_size_t(start + size - page), mmap.MADV_WILLNEED)
