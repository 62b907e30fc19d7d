"""Work in order, by one process or several, and a sentence when one is killed."""

import os
import signal

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
    with pytest.raises(StoreError, match="a rendering process died"):
        list(results)
