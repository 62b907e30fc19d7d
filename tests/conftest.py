"""Fixtures that several rooms share."""

import os
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # A worker per core, each with a thread per core, is many times slower than a worker per core. Before torch is read.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def golden() -> Path:
    """Numbers measured from the reference implementation."""
    return Path(__file__).parent / "golden"
