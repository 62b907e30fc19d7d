"""Work in order, by one process or several, and a sentence when one is killed."""

import os
import platform
import resource
import signal

import numpy as np
import pytest

from headstart.errors import StoreError
from headstart.processes import in_order


def double(number: int) -> int:
    return 2 * number


def double_or_die(number: int) -> int:
    if number == 99:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


def test_results_come_in_order():
    assert list(in_order(double, range(4), 1)) == [0, 2, 4, 6]


def test_a_killed_worker_is_reported_after_what_was_done():
    results = in_order(double_or_die, range(100), 2)
    assert next(results) == 0
    with pytest.raises(StoreError, match="a process that worked for this one died"):
        list(results)


def page_faults_of_again(count: int) -> int:
    """Of the last of so many times that 8 MB are taken and freed."""
    for _ in range(count):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        [np.ones(2**18) for _ in range(4)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told to keep memory")
def test_processes_of_ours_take_freed_memory_again():
    assert list(in_order(page_faults_of_again, [20, 20], 2)) == [pytest.approx(0, abs=20)] * 2  # of 2,048 pages
