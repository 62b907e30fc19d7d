"""What tests ask of an opened page, and how they wait for it."""

import time

__all__ = ["until"]


def until(holds, seconds=10.0):
    """Wait for something of a page that is not there at once; its policy lets nobody else ask for it from within."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)
