"""Fixtures that several rooms share."""

import os
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # A worker per core, each with a thread per core, is many times slower than a worker per core. Before torch is read.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


LONG = ["test_cli", "test_docs", "test_ray", "test_notebook", "test_tune_ray", "test_up_front", "test_joint"]
"""Files that take longest, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files begin first, so that processes end together; each is one process's (``--dist loadfile``)."""
    order = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path.stem, len(LONG)))


@pytest.fixture(scope="session")
def golden() -> Path:
    """Numbers measured from the reference implementation."""
    return Path(__file__).parent / "golden"
