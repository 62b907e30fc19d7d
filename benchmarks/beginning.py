"""The beginning of a worker, for `study.py`: alone in a file, so that nothing but what a worker loads is loaded."""

import time
from typing import Any


def begin(parent: Any, job: Any) -> None:
    """Tell the CPU seconds that it took to have ``job`` in hand, with all modules that it is made of."""
    del job
    parent.send(time.process_time())
    parent.receive()
